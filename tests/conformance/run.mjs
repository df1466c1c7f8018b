// Runs the official conformance suite against a server that this script starts and ends:
//   node run.mjs --requirements REVISION --baseline FILE.yml -- COMMAND ARGS...
// "{port-file}" in ARGS becomes a file to which the server writes its port; the endpoint is /mcp on it. The baseline lists what
// is expected to fail; the suite fails on a failure that is not listed and on a listed one that passes. --unscored-too holds the
// scenarios that the suite runs but does not score (extensions, pending ones) to the same: none may fail but those named by
// --except. Exit code: the suite's, or 1.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startServer } from '../clients/server_process.mjs';

const { values, positionals } = parseArgs({
  options: { requirements: { type: 'string' }, baseline: { type: 'string' }, verbose: { type: 'boolean' },
    'unscored-too': { type: 'boolean' }, except: { type: 'string', multiple: true, default: [] } },
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
// The scenarios with a check that failed, as the suite wrote them down: results/server-SCENARIO-TIME/checks.json.
const folders = readdirSync(results).filter((name) => name.startsWith('server-'));
const failed = folders.filter((name) => JSON.parse(readFileSync(join(results, name, 'checks.json'), 'utf8')).some(({ status }) => status === 'FAILURE'))
  .map((name) => name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, ''));
const listed = values.baseline ? readFileSync(values.baseline, 'utf8') : '';
const surprising = failed.filter((name) => !listed.includes(`- ${name}`) && !values.except.includes(name));
if (values['unscored-too']) console.log(`${folders.length} scenarios, scored or not; failing and not expected: ${surprising.join(', ') || 'none'}`);
const missed = values['unscored-too'] && (folders.length === 0 || surprising.length > 0);
rmSync(results, { recursive: true, force: true });
if (ending.code !== 0) console.error(`the server ended with ${ending.signal ?? ending.code} instead of 0`);
console.log(`conformance ${values.requirements}: ${code === 0 ? 'as expected' : `exit code ${code}`}`);
process.exit(code || (ending.code === 0 && !missed ? 0 : 1));
