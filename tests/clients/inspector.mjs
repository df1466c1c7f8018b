// The Inspector's command line, in both eras: what a person would first hold against a server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Stage } from '../e2e/stage.mjs';
import { subjects } from './subjects.mjs';

const inspector = fileURLToPath(new URL('../node_modules/.bin/mcp-inspector', import.meta.url));

// Answers what it prints; rejects when its exit code is not 0.
async function inspect(stage, server, ...args) {
  const config = stage.file('inspector.json', JSON.stringify({ mcpServers: { it: server } }));
  const { stdout } = await promisify(execFile)(process.execPath, [inspector, '--cli', '--config', config, '--server', 'it', '--format', 'json', ...args],
    { env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: stage.folder, MCP_INSPECTOR_SECRET_STORE: 'memory' }, maxBuffer: 10 << 20 });
  return JSON.parse(stdout).result;
}

for (const [label, begin] of subjects) {
  for (const protocolEra of ['legacy', 'modern']) {
    test(`the Inspector lists and calls the tools of ${label}, era ${protocolEra}`, { timeout: 120_000 }, async () => {
      const stage = new Stage();
      try {
        const { tool, expect, url, command, args, env, ...subject } = await begin(stage);
        const server = { protocolEra, ...(url ? { type: 'http', url } : { type: 'stdio', command, args, env }) };
        const { tools } = await inspect(stage, server, '--method', 'tools/list');
        assert.ok(tools.some(({ name }) => name === tool));
        const pairs = Object.entries(subject.arguments).flatMap(([name, value]) => ['--tool-arg', `${name}=${value}`]);
        const result = await inspect(stage, server, '--method', 'tools/call', '--tool-name', tool, ...pairs);
        assert.ok(!result.isError);
        assert.ok(result.content[0].text.includes(expect));
      } finally {
        await stage.close();
      }
    });
  }
}

test('the Inspector finds nothing in the schemas of weir that a host could choke on', { timeout: 60_000 }, async () => {
  const stage = new Stage();
  try {
    const [, begin] = subjects.find(([label]) => label === 'weir over stdio');
    const { command, args, env } = await begin(stage);
    await inspect(stage, { protocolEra: 'modern', type: 'stdio', command, args, env }, '--method', 'tools/list', '--strict');
  } finally {
    await stage.close();
  }
});
