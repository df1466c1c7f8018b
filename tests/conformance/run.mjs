// Runs the official conformance suite against a server that this script starts and ends:
//   node run.mjs --requirements REVISION --baseline FILE.yml -- COMMAND ARGS...
// "{port-file}" in ARGS becomes a file to which the server writes its port; the endpoint is /mcp on it. The baseline lists what
// is expected to fail; the suite fails on a failure that is not listed and on a listed one that passes. Exit code: the suite's.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startServer } from '../clients/server_process.mjs';

const { values, positionals } = parseArgs({
  options: { requirements: { type: 'string' }, baseline: { type: 'string' }, verbose: { type: 'boolean' } },
  allowPositionals: true,
});
const [command, ...args] = positionals;
if (!command || !values.requirements) {
  console.error('usage: run.mjs --requirements REVISION [--baseline FILE] [--verbose] -- COMMAND ARGS...');
  process.exit(2);
}

const here = dirname(fileURLToPath(import.meta.url));
const suite = join(here, '../node_modules/@modelcontextprotocol/conformance/dist/index.js');
const results = mkdtempSync(join(tmpdir(), 'weir-conformance-'));
const server = await startServer(command, args);
const suiteArgs = ['server', '--url', `http://localhost:${server.port}/mcp`, '--requirements', values.requirements, '-o', results];
if (values.baseline) suiteArgs.push('--expected-failures', values.baseline);
if (values.verbose) suiteArgs.push('--verbose');
const run = spawn(process.execPath, [suite, ...suiteArgs], { stdio: ['ignore', 'inherit', 'inherit'] });
const code = await new Promise((resolve) => run.once('exit', (its_code) => resolve(its_code ?? 1)));
const ending = await server.stop();
rmSync(results, { recursive: true, force: true });
if (ending.code !== 0) console.error(`the server ended with ${ending.signal ?? ending.code} instead of 0`);
console.log(`conformance ${values.requirements}: ${code === 0 ? 'as expected' : `exit code ${code}`}`);
process.exit(code || (ending.code === 0 ? 0 : 1));
