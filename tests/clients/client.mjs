// Lists the tools of a server and calls one, with the official TypeScript client, in each of its modes:
//   node client.mjs --tool NAME [--arguments JSON] --expect TEXT (--stdio | --http) -- COMMAND ARGS...
//   node client.mjs --tool NAME [--arguments JSON] --expect TEXT --url URL
// With --http, "{port-file}" in ARGS becomes a file to which the server writes its port; the endpoint is /mcp on it.
// Prints one line a mode. Exit code 0: every mode agreed on its version, listed the tool, and got an answer with TEXT in it.
import { parseArgs } from 'node:util';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { recordingFetch, through } from '../wire/traffic.mjs';
import { startServer } from './server_process.mjs';

const { values, positionals } = parseArgs({
  options: {
    tool: { type: 'string' },
    arguments: { type: 'string', default: '{}' },
    expect: { type: 'string' },
    url: { type: 'string' },
    http: { type: 'boolean' },
    stdio: { type: 'boolean' },
  },
  allowPositionals: true,
});
const [command, ...args] = positionals;
if (!values.tool || values.expect === undefined || !(values.url || (command && (values.http || values.stdio)))) {
  console.error('usage: client.mjs --tool NAME --arguments JSON --expect TEXT (--url URL | --stdio | --http) -- COMMAND ARGS...');
  process.exit(2);
}

const modes = [
  { name: 'legacy', mode: 'legacy', version: '2025-11-25' },
  { name: 'auto', mode: 'auto', version: '2026-07-28' },
  { name: 'pinned', mode: { pin: '2026-07-28' }, version: '2026-07-28' },
];

const server = values.http ? await startServer(command, args) : undefined;
const url = values.url ?? (server && `http://127.0.0.1:${server.port}/mcp`);
const transport = () =>
  url ? new StreamableHTTPClientTransport(new URL(url), { fetch: recordingFetch }) : new StdioClientTransport(through(command, args));

// What is wrong with a client in this mode, or what it saw.
async function tryMode({ mode, version }) {
  const client = new Client({ name: 'weir-test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport());
  try {
    const negotiated = client.getNegotiatedProtocolVersion();
    if (negotiated !== version) throw new Error(`agreed on ${negotiated} instead of ${version}`);
    const { tools } = await client.listTools();
    if (!tools.some((tool) => tool.name === values.tool)) throw new Error(`no tool ${values.tool} in the list`);
    const result = await client.callTool({ name: values.tool, arguments: JSON.parse(values.arguments) });
    const text = result.content.map((block) => block.text ?? '').join('\n');
    if (result.isError) throw new Error(`the tool failed: ${text}`);
    if (!text.includes(values.expect)) throw new Error(`expected ${JSON.stringify(values.expect)} in ${JSON.stringify(text)}`);
    return `${negotiated}, ${tools.length} tools, ${values.tool} answered`;
  } finally {
    await client.close();
  }
}

let failures = 0;
for (const mode of modes) {
  const label = `${url ? 'http' : 'stdio'} ${mode.name}`;
  try {
    console.log(`ok      ${label}: ${await tryMode(mode)}`);
  } catch (error) {
    ++failures;
    console.log(`FAILED  ${label}: ${error.stack ?? error}`);
  }
}
if (server) {
  const ending = await server.stop();
  if (ending.code !== 0) {
    ++failures;
    console.log(`FAILED  the server ended with ${ending.signal ?? ending.code} instead of 0`);
  }
}
process.exit(failures === 0 ? 0 : 1);
