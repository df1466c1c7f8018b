// The oracle itself: what check.mjs must find wrong, it finds wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'weir-wire-'));
test.after(() => rmSync(folder, { recursive: true }));
const check = (...conversations) => {
  const file = join(folder, 'log');
  writeFileSync(file, conversations.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('check.mjs', import.meta.url)), file], { encoding: 'utf8' });
  return status === 0 ? 'valid' : stdout;
};

const envelope = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const ask = (method, params = {}) => ({ jsonrpc: '2.0', id: 1, method, params });
const modern = (method, params) => ask(method, { ...params, _meta: envelope });
const http = (asked, said, version = []) => ({ over: 'http', version, asked: JSON.stringify(asked), said: JSON.stringify(said), events: false });
const stdio = (asked, said) => ({ over: 'stdio', version: [], asked: asked.map((one) => JSON.stringify(one)).join('\n'),
  said: said.map((one) => `${JSON.stringify(one)}\n`).join(''), events: false });
const answer = (result, id = 1) => ({ jsonrpc: '2.0', id, result });
const failure = (error, id = 1) => ({ jsonrpc: '2.0', id, error: { message: 'no', ...error } });
const list = { resultType: 'complete', tools: [], ttlMs: 0, cacheScope: 'public' };
const initialize = ask('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } });
const initialized = answer({ protocolVersion: '2024-11-05', capabilities: {}, serverInfo: { name: 's', version: '1' } });
const note = (method, params) => ({ jsonrpc: '2.0', method, params });

test('right answers are valid', () => {
  assert.equal(check(http(modern('tools/list'), answer(list)), http(ask('tools/list'), answer({ tools: [] })),
    http(ask('ping'), answer({})), http(modern('nope'), failure({ code: -32601 })),
    http(modern('tools/call', { name: 'x' }), answer({ resultType: 'task', taskId: 't', status: 'working', createdAt: '2026-11-22T00:00:00Z',
      lastUpdatedAt: '2026-11-22T00:00:00Z', ttlMs: null })),
    stdio([initialize, { ...ask('tools/list'), id: 2 }], [initialized, answer({ tools: [] }, 2)])), 'valid');
});

for (const [what, conversation, said] of [
  ['a member that the modern revision requires is missing', http(modern('tools/list'), answer({ ...list, ttlMs: undefined })), 'not a ListToolsResult of 2026-07-28'],
  ['null stands for an absent cursor', http(modern('tools/list'), answer({ ...list, nextCursor: null })), 'not a ListToolsResult'],
  ['the answer has no content', http(ask('tools/call', { name: 'x' }), answer({}), ['2025-06-18']), 'not a CallToolResult of 2025-06-18'],
  ['a closed union has a stranger in it', stdio([initialize, { ...ask('tools/call'), id: 2 }],
    [initialized, answer({ content: [{ type: 'audio', data: '', mimeType: 'audio/wav' }] }, 2)]), 'not a CallToolResult of 2024-11-05'],
  ['an old revision gets a new member', http(ask('tools/list'), answer({ tools: [{ name: 'x', inputSchema: { type: 'object' }, outputSchema: { type: 'object' } }] })),
    'not a ListToolsResult of 2025-03-26'],
  ['a task lacks its times', http(modern('tools/call', { name: 'x' }), answer({ resultType: 'task', taskId: 't', status: 'working' })), 'not a CreateTaskResult'],
  ['ping says something', http(ask('ping'), answer({ ok: true })), 'must be empty'],
  ['an era answers a method that it lacks', http(modern('ping'), answer({ resultType: 'complete' })), '2026-07-28 lacks'],
  ['an error lacks its data', http(modern('tools/list'), failure({ code: -32022 })), 'not a UnsupportedProtocolVersionError'],
  ['an error has the id null', http(modern('tools/list'), failure({ code: -32601 }, null)), 'not a JSONRPCErrorResponse'],
  ['a list may not require input', http(modern('tools/list'), answer({ resultType: 'input_required', requestState: 's' })), 'may not require input'],
  ['an id that nobody used is answered', http(modern('tools/list'), answer(list, '1')), 'an answer to what was not asked'],
  ['a notification is unknown', stdio([modern('tools/list')], [note('notifications/other', {}), answer(list)]), 'has no notifications/other'],
  ['a modern server asks', stdio([modern('tools/list')], [{ ...ask('roots/list'), id: 'r' }, answer(list)]), 'has no roots/list'],
  ['there is no JSON', { ...http(modern('tools/list'), 0), said: 'Segmentation fault' }, 'not a message'],
  ['there is no UTF-8', { ...http(modern('tools/list'), 0), said: null }, 'not a message'],
]) {
  test(`wrong: ${what}`, () => assert.match(check(conversation), new RegExp(said)));
}
test('wrong: nothing was said', () => assert.match(check(), /: 0 messages/));
