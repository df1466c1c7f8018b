// What the protocol offers beside tools, on the real server: prompts, resources, completion, subscriptions, progress, logs, tasks.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Stage, build } from './stage.mjs';

const version = '2026-07-28';
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const timeout = 60_000;

const config = (simulator, { server = '', model = 'rpm = 6000\ntpm = 600000' } = {}) => `
[server]
${server}
[models.fast]
provider = "compatible"
model = "gpt-4.1-nano"
base_url = "http://127.0.0.1:${simulator.port}/v1"
api_key = "env:OPENAI_API_KEY"
input_price = 0.10
output_price = 0.40
${model}
[tools.summarise]
description = "Summarise a text."
prompt = "Summarise in {{sentences}} sentences, {{tone}}:\\n\\n{{text}}"
max_output_tokens = 50
as_prompt = true
input.text = { type = "string" }
input.sentences = { type = "integer", default = 1 }
input.tone = { type = "string", enum = ["formal", "friendly"], default = "formal" }
`;

// A request of the modern revision; answers the response.
let last_id = 0;
function ask(port, method, params = {}, { capabilities = {}, meta = {}, signal } = {}) {
  const id = ++last_id;
  const name = params.name ?? params.uri ?? params.taskId;
  return fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', signal,
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': version,
      'mcp-method': method, ...(name ? { 'mcp-name': name } : {}) },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...meta,
      'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': capabilities } } }) });
}
const result = async (...args) => (await (await ask(...args)).json()).result;

// The messages of an event stream, as they come.
async function* events(response) {
  let text = '';
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      const data = text.slice(0, end).split('\n').find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice(6));
    }
  }
}
const next = async (stream) => (await stream.next()).value;

async function staged(options, run) {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator('--latency', options.latency ?? '1..2');
    await run(stage, simulator);
  } finally {
    await stage.close();
  }
}

for (const transport of ['stdio', 'HTTP']) {
  for (const mode of ['legacy', { pin: version }]) {
    test(`${transport}, ${JSON.stringify(mode)}: the official client finds prompts, resources and completions`, { timeout }, () =>
      staged({}, async (stage, simulator) => {
        const client = new Client({ name: 'mcp', version: '1' }, { versionNegotiation: { mode } });
        if (transport === 'stdio') {
          const args = ['serve', '--stdio', '--config', stage.file('weir.toml', config(simulator))];
          await client.connect(new StdioClientTransport({ command: join(build, 'weir'), args, stderr: 'ignore', env: { OPENAI_API_KEY: 'sk-secret-marker' } }));
        } else {
          const weir = await stage.weir(config(simulator));
          await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${weir.port}/mcp`)));
        }
        assert.match(client.getInstructions(), /retry_after_ms.*summarise: about \$0\.0001 per 1,000 tokens of input/s);
        const { prompts } = await client.listPrompts();
        assert.deepEqual(prompts.map(({ name }) => name), ['summarise']);
        const prompt = await client.getPrompt({ name: 'summarise', arguments: { text: 'Long.', sentences: '2' } });
        assert.equal(prompt.messages[0].content.text, 'Summarise in 2 sentences, formal:\n\nLong.');
        await assert.rejects(client.getPrompt({ name: 'summarise', arguments: {} }), { code: -32602 });

        const { resources } = await client.listResources();
        assert.deepEqual(resources.map(({ uri }) => uri), ['weir://config', 'weir://limits', 'weir://usage', 'weir://tools/summarise']);
        const limits = JSON.parse((await client.readResource({ uri: 'weir://limits' })).contents[0].text);
        assert.equal(limits.models.fast.limits.rpm.amount, 6000);
        const toml = (await client.readResource({ uri: 'weir://config' })).contents[0].text;
        assert.match(toml, /api_key = "env:OPENAI_API_KEY"/);
        assert.doesNotMatch(toml, /sk-secret-marker/);
        assert.equal((await client.listResourceTemplates()).resourceTemplates[0].uriTemplate, 'weir://tools/{name}');
        await assert.rejects(client.readResource({ uri: 'weir://nope' }));

        const tone = await client.complete({ ref: { type: 'ref/prompt', name: 'summarise' }, argument: { name: 'tone', value: 'fr' } });
        assert.deepEqual(tone.completion.values, ['friendly']);
        await client.close();
      }));
  }
}

test('a subscription to weir://limits is told when a call changes them, and ends with the server', { timeout }, () =>
  staged({}, async (stage, simulator) => {
    const weir = await stage.weir(config(simulator));
    const stream = events(await ask(weir.port, 'subscriptions/listen', { notifications: { toolsListChanged: true, resourceSubscriptions: ['weir://limits', 'file:///etc/passwd'] } }));
    assert.deepEqual((await next(stream)).params.notifications, { toolsListChanged: true, resourceSubscriptions: ['weir://limits'] });
    await result(weir.port, 'tools/call', { name: 'summarise', arguments: { text: 'One. Two.' } });
    const told = await next(stream);
    assert.equal(told.method, 'notifications/resources/updated');
    assert.equal(told.params.uri, 'weir://limits');
    weir.kill('SIGTERM');
    assert.equal((await next(stream)).result.resultType, 'complete');
    assert.equal((await stream.next()).done, true);
    assert.deepEqual(await weir.exit, { code: 0, signal: null });
  }));

test('while a call waits, its caller hears what for; logs come when asked for', { timeout }, () =>
  staged({ latency: '2500..2600' }, async (stage, simulator) => {
    const weir = await stage.weir(config(simulator));
    const stream = events(await ask(weir.port, 'tools/call', { name: 'summarise', arguments: { text: 'One. Two.' } },
      { meta: { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' } }));
    const progress = await next(stream);
    assert.equal(progress.method, 'notifications/progress');
    assert.match(progress.params.message, /^the model is answering \(2 s so far\)$/);
    const log = await next(stream);
    assert.equal(log.params.data.outcome, 'ok');
    assert.equal((await next(stream)).result.content[0].text, 'One.');
  }));

test('a slow call becomes a task for who knows tasks, and stays a call for who does not', { timeout }, () =>
  staged({ latency: '400..500' }, async (stage, simulator) => {
    const weir = await stage.weir(config(simulator, { server: 'task_after = "100ms"' }));
    const call = { name: 'summarise', arguments: { text: 'One. Two.' } };
    const discovered = await result(weir.port, 'server/discover');
    assert.ok('io.modelcontextprotocol/tasks' in discovered.capabilities.extensions);
    assert.equal((await result(weir.port, 'tools/call', call)).content[0].text, 'One.');
    const created = await result(weir.port, 'tools/call', call, { capabilities: tasks });
    assert.equal(created.resultType, 'task');
    const listening = events(await ask(weir.port, 'subscriptions/listen', { notifications: { taskIds: [created.taskId] } }, { capabilities: tasks }));
    assert.deepEqual((await next(listening)).params.notifications, { taskIds: [created.taskId] });
    const told = await next(listening);
    assert.equal(told.params.status, 'completed');
    const task = await result(weir.port, 'tasks/get', { taskId: created.taskId }, { capabilities: tasks });
    assert.equal(task.result.content[0].text, 'One.');

    const cancelled = await result(weir.port, 'tools/call', call, { capabilities: tasks });
    await result(weir.port, 'tasks/cancel', { taskId: cancelled.taskId }, { capabilities: tasks });
    assert.equal((await result(weir.port, 'tasks/get', { taskId: cancelled.taskId }, { capabilities: tasks })).status, 'cancelled');
  }));

test('a full queue is 503 with Retry-After and the numbers to come back with', { timeout }, () =>
  staged({ latency: '5000..5001' }, async (stage, simulator) => {
    const weir = await stage.weir(config(simulator, { server: 'concurrency_limit = 1\nqueue_limit = 0' }));
    const first = new AbortController();
    const call = { name: 'summarise', arguments: { text: 'One. Two.' } };
    const stream = events(await ask(weir.port, 'subscriptions/listen', { notifications: { resourceSubscriptions: ['weir://limits'] } }));
    await next(stream);
    const held = ask(weir.port, 'tools/call', call, { signal: first.signal }).catch(() => {});
    await next(stream);  // the first has been admitted
    const refused = await ask(weir.port, 'tools/call', call);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    const { error } = await refused.json();
    assert.equal(error.data.limit, 'queue');
    assert.ok(error.data.retry_after_ms > 0);
    first.abort();
    await held;
  }));
