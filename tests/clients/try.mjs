// What scripts/try shows: the official MCP client lists Weir's tools, has one of them read a file, and prints what came back.
//   node try.mjs URL FILE
import { readFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url, file] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const client = new Client({ name: 'try', version: '1' }, { versionNegotiation: { mode: 'auto' } });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
console.log(`connected to ${url}, MCP ${client.getNegotiatedProtocolVersion()}`);

const { tools } = await client.listTools();
console.log('\ntools:');
for (const tool of tools) console.log(`  ${tool.name.padEnd(16)} ${tool.description}`);

const question = { name: 'summarise', arguments: { text, sentences: 3 } };
console.log(`\nquestion: summarise ${file} (${text.length} characters) in 3 sentences`);
const result = await client.callTool(question);
const answer = result.content.map((block) => block.text).join('\n');
if (result.isError) {
  console.error(`the tool failed: ${answer}`);
  process.exit(1);
}
const usage = result._meta['weir/usage'];
console.log(`\nanswer:   ${answer.replaceAll('\n', '\n          ')}`);
console.log(`\ntokens:   ${usage.input_tokens} in (${usage.cached_input_tokens} cached), ${usage.output_tokens} out; ` +
  `reserved ${usage.reserved_input_tokens} + ${usage.reserved_output_tokens}`);
console.log(`wait:     ${usage.waited_ms} ms for admission; ${usage.took_ms} ms in all; attempts ${usage.attempts}`);
console.log(`cost:     ${usage.cost_usd === null ? 'unknown' : `${usage.cost_usd} US dollars`}`);
await client.close();
