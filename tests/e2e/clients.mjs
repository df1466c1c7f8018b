// The official TypeScript client against the real server, in each of its modes, over both transports: list, and call.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Stage, build, two_models } from './stage.mjs';

const text = 'One sentence is here. Another follows it.';
const modes = [['legacy', '2025-11-25'], ['auto', '2026-07-28'], [{ pin: '2026-07-28' }, '2026-07-28']];

for (const transport of ['stdio', 'HTTP']) {
  for (const [mode, version] of modes) {
    test(`${transport}, mode ${JSON.stringify(mode)}: speaks ${version}, lists the tools, calls one`, { timeout: 60_000 }, async () => {
      const stage = new Stage();
      try {
        const simulator = await stage.simulator('--latency', '1..2');
        const config = two_models(simulator, { tight: 'rpm = 600\ntpm = 60000' });
        const client = new Client({ name: 'clients', version: '1' }, { versionNegotiation: { mode } });
        if (transport === 'stdio') {
          const args = ['serve', '--stdio', '--config', stage.file('weir.toml', config)];
          await client.connect(new StdioClientTransport({ command: join(build, 'weir'), args, stderr: 'ignore',
            env: { OPENAI_API_KEY: 'sk-secret-marker' } }));
        } else {
          const weir = await stage.weir(config);
          await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${weir.port}/mcp`)));
        }
        assert.equal(client.getNegotiatedProtocolVersion(), version);
        assert.equal(client.getServerVersion().name, 'weir');
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map((tool) => tool.name), ['summarise', 'summarise_wide', 'weir_estimate', 'weir_limits', 'weir_models', 'weir_usage']);
        // The client checks structuredContent against the tool's outputSchema.
        const result = await client.callTool({ name: 'summarise', arguments: { text } });
        assert.equal(result.content[0].text, 'One sentence is here.');
        assert.equal(result.structuredContent.text, 'One sentence is here.');
        assert.equal(result._meta['weir/usage'].attempts, 1);
        const wrong = await client.callTool({ name: 'summarise', arguments: { text, sentences: 21 } });
        assert.equal(wrong.isError, true);
        await assert.rejects(client.callTool({ name: 'no_such_tool', arguments: {} }));
        await client.close();
      } finally {
        await stage.close();
      }
    });
  }
}
