// What bench-mcp-echo compares with: the official TypeScript SDK's server, purely stateless, with one tool that answers a text.
//   node echo_server.mjs --port-file FILE
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { toNodeHandler } from '../tests/node_modules/@modelcontextprotocol/node/dist/index.mjs';
import { McpServer, createMcpHandler } from '../tests/node_modules/@modelcontextprotocol/server/dist/index.mjs';

const portFile = process.argv[process.argv.indexOf('--port-file') + 1];
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'echo', version: '1.0.0' });
  server.registerTool('test_simple_text', { description: 'Answers a text.' },
    () => ({ content: [{ type: 'text', text: 'This is a simple text response for testing.' }] }));
  return server;
});
const http = createServer(toNodeHandler(handler));
http.listen(0, '127.0.0.1', () => {
  writeFileSync(`${portFile}.new`, `${http.address().port}\n`);
  renameSync(`${portFile}.new`, portFile);
});
process.on('SIGTERM', () => process.exit(0));
