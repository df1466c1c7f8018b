// The stage of the end-to-end tests: real programs on free ports, in a folder that goes away. Nothing here sleeps: a program is
// ready when its port file is there, and gone when the system says so.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const build = process.env.WEIR_BUILD;
if (!build) throw new Error('WEIR_BUILD is not set: the folder with weir and weir-simulator');

export class Stage {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
    this.programs = [];
  }

  file(name, text) {
    const path = join(this.folder, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  }

  // Starts a program; `stderr` and `stdout` collect what it prints, `exit` answers {code, signal}.
  run(program, args, options = {}) {
    const child = spawn(join(build, program), args, { stdio: ['pipe', 'pipe', 'pipe'], ...options,
      env: { PATH: process.env.PATH, TSAN_OPTIONS: process.env.TSAN_OPTIONS ?? '', ...options.env } });
    child.text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { child.text[name] += data; });
    child.stdin.on('error', () => {});
    child.exit = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
    this.programs.push(child);
    return child;
  }

  // Starts a program with --port-file and waits until it listens.
  async listen(program, args, options) {
    const name = `${program}-${this.programs.length}.port`;
    const path = join(this.folder, name);
    const watcher = watch(this.folder);
    const whole = () => /^\d+\n$/.test(readFileSync(path, 'utf8'));
    const there = new Promise((resolve) => watcher.on('change', (_, changed) => changed === name && whole() && resolve()));
    const child = this.run(program, [...args, '--port-file', path], options);
    const gone = child.exit.then(({ code }) => { throw new Error(`${program} ended with ${code}: ${child.text.stderr}`); });
    await Promise.race([there, gone]);
    gone.catch(() => {});
    watcher.close();
    child.port = Number(readFileSync(path, 'utf8'));
    return child;
  }

  simulator(...args) {
    return this.listen('weir-simulator', ['--port', '0', '--seed', '1', ...args]);
  }
  async stats(simulator) {
    return (await (await fetch(`http://127.0.0.1:${simulator.port}/stats`)).json()).models;
  }

  // A server on `config` (TOML text). API keys come from the environment, as in life.
  weir(config, args = ['--http', '127.0.0.1:0']) {
    return this.listen('weir', ['serve', '--config', this.file('weir.toml', config), ...args],
      { env: { OPENAI_API_KEY: 'sk-secret-marker' } });
  }

  async close() {
    for (const child of this.programs) child.kill('SIGKILL');
    await Promise.all(this.programs.map((child) => child.exit));
    rmSync(this.folder, { recursive: true });
  }
}

let last_id = 0;
// One JSON-RPC request of the 2026-07-28 revision, by fetch. Answers the HTTP status and the body.
export async function post(port, method, params = {}, { signal, headers = {}, capabilities = {} } = {}) {
  const version = '2026-07-28';
  const name = params.name ?? params.taskId;
  const body = { jsonrpc: '2.0', id: ++last_id, method, params: { ...params, _meta: {
    'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': capabilities } } };
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', signal, body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version, 'mcp-method': method, ...(name ? { 'mcp-name': name } : {}), ...headers } });
  return { status: response.status, body: await response.json() };
}
export const call = async (port, name, args, options) =>
  (await post(port, 'tools/call', { name, arguments: args }, options)).body.result;

// A server with two models, on one simulator: `tight` and `wide`.
export const two_models = (simulator, { server = '', tight = '', wide = '' } = {}) => `
[server]
default_model = "tight"
${server}

[models.tight]
provider = "openai"
model = "tight"
base_url = "http://127.0.0.1:${simulator.port}/v1"
api_key = "env:OPENAI_API_KEY"
reasoning = "none"
input_price = 0.10
output_price = 0.40
${tight}

[models.wide]
provider = "compatible"
model = "wide"
base_url = "http://127.0.0.1:${simulator.port}/v1"
${wide}

[tools.summarise]
description = "Summarise a text."
prompt = "Summarise in {{sentences}} sentences:\\n\\n{{text}}"
max_output_tokens = 60
input.text = { type = "string", max_length = 100_000 }
input.sentences = { type = "integer", minimum = 1, maximum = 20, default = 1 }

[tools.summarise_wide]
description = "Summarise a text, by the other model."
model = "wide"
prompt = "Summarise in {{sentences}} sentences:\\n\\n{{text}}"
max_output_tokens = 60
input.text = { type = "string", max_length = 100_000 }
input.sentences = { type = "integer", minimum = 1, maximum = 20, default = 1 }
`;
