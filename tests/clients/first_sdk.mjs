// The official TypeScript client of the first generation (@modelcontextprotocol/sdk 1.x), which knows legacy revisions only: list, and call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Stage } from '../e2e/stage.mjs';
import { subjects } from './subjects.mjs';

for (const [label, begin] of subjects) {
  test(`the TypeScript client 1.x lists and calls the tools of ${label}`, { timeout: 60_000 }, async () => {
    const stage = new Stage();
    try {
      const { tool, expect, url, command, args, env, ...subject } = await begin(stage);
      const client = new Client({ name: 'first-sdk', version: '1' });
      const transport = url ? new StreamableHTTPClientTransport(new URL(url)) : new StdioClientTransport({ command, args, env, stderr: 'ignore' });
      await client.connect(transport);
      assert.ok(client.getServerVersion().name.startsWith('weir'));
      await client.ping();
      const { tools } = await client.listTools();
      assert.ok(tools.some(({ name }) => name === tool));
      // The client checks structuredContent against the tool's outputSchema.
      const result = await client.callTool({ name: tool, arguments: subject.arguments });
      assert.ok(!result.isError);
      assert.ok(result.content[0].text.includes(expect));
      await assert.rejects(client.callTool({ name: 'no_such_tool', arguments: {} }), { code: -32602 });
      await client.close();
    } finally {
      await stage.close();
    }
  });
}
