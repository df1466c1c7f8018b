// The configuration loaded again by a server that runs: swapped whole or refused whole, under load, over both transports.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Stage, build, call, post, two_models } from './stage.mjs';

const version = '2026-07-28';
const staged = (name, run) => test(name, { timeout: 60_000 }, async () => {
  const stage = new Stage();
  try { await run(stage); } finally { await stage.close(); }
});
const env = { OPENAI_API_KEY: 'sk-secret-marker', ALICE: 'the-token-of-alice-1', BOB: 'the-token-of-bob-1234' };
const text = 'One sentence is here. Another follows it.';

// Resolves when the log has this `times` over.
const logged = (weir, pattern, times = 1) => new Promise((resolve) => {
  const look = () => [...weir.text.stderr.matchAll(new RegExp(pattern, 'g'))].length >= times && resolve();
  weir.stderr.on('data', look);
  look();
});
const loaded = (weir, times = 1) => logged(weir, 'configuration loaded', times);
const refused = (weir, times = 1) => logged(weir, 'configuration refused', times);

const translate = `
[tools.translate]
description = "Translate a text."
prompt = "Translate:\\n\\n{{text}}"
as_prompt = true
max_output_tokens = 20
input.text = { type = "string" }
`;
const read = async (port, uri) =>
  (await post(port, 'resources/read', { uri }, { headers: { 'mcp-name': uri } })).body.result.contents[0].text;
const limits = async (port) => JSON.parse(await read(port, 'weir://limits'));
const tools = async (port) => (await post(port, 'tools/list')).body.result.tools.map(({ name }) => name);
const serve = (stage, config, ...more) =>
  stage.listen('weir', ['serve', '--config', stage.file('weir.toml', config), '--http', '127.0.0.1:0', ...more], { env });
// As editors and deployments do it: whole, by a rename.
const replace = (stage, config) => renameSync(stage.file('weir.toml.new', config), stage.file('weir.toml'));

staged('SIGHUP loads the file; a mistake refuses it whole, and everything goes on', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const config = (more) => two_models(simulator, { server: 'watch_config = false', ...more });
  const weir = await serve(stage, config());
  assert.ok(!(await tools(weir.port)).includes('translate'));
  stage.file('weir.toml', config() + translate);
  weir.kill('SIGHUP');
  await loaded(weir);
  assert.match(weir.text.stderr, /configuration loaded, digest=[0-9a-f]{12} changed: tools \+1 -0/);
  assert.ok((await tools(weir.port)).includes('translate'));

  stage.file('weir.toml', config({ tight: 'rmp = 60', wide: 'tpm = "many"' }));
  weir.kill('SIGHUP');
  await refused(weir);
  assert.match(weir.text.stderr, /weir\.toml:\d+: .*"rmp"; did you mean "rpm"\?/);
  assert.match(weir.text.stderr, /weir\.toml:\d+: .*tpm/);
  assert.match(weir.text.stderr, /configuration refused, mistakes=2/);
  assert.ok((await tools(weir.port)).includes('translate'));
  assert.equal((await call(weir.port, 'translate', { text })).isError, undefined);
  const { loads, refused: refusals, last_refusal } = (await limits(weir.port)).server.config;
  assert.deepEqual([loads, refusals, last_refusal.mistakes], [2, 1, 2]);

  stage.file('weir.toml', '');
  weir.kill('SIGHUP');
  await refused(weir, 2);
  assert.ok((await tools(weir.port)).includes('translate'));
  assert.ok(!weir.text.stderr.includes('sk-secret-marker'));
});

staged('a change of the file is seen: renamed over, written in place in pieces, and a file that it names', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const key = stage.file('key.txt', 'sk-first');
  const config = two_models(simulator).replace('"env:OPENAI_API_KEY"', `"file:${key}"`);
  const weir = await serve(stage, config);
  await logged(weir, 'serving');
  replace(stage, config + translate);
  await loaded(weir);
  assert.ok((await tools(weir.port)).includes('translate'));

  stage.file('weir.toml', `${config}\n[tools.half]\ndescription = "Half`);  // a writer that has not ended
  await refused(weir);
  assert.ok((await tools(weir.port)).includes('translate'));
  appendFileSync(stage.file('weir.toml'), ' a tool."\nprompt = "{{text}}"\ninput.text = { type = "string" }\n');
  await loaded(weir, 2);
  assert.ok((await tools(weir.port)).includes('half'));
  assert.ok(!(await tools(weir.port)).includes('translate'));

  stage.file('key.txt', 'sk-second');
  await logged(weir, 'changed: nothing, secrets ~1');
});

staged('a link that is swapped, as Kubernetes mounts a configuration, is a change', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const mount = (name, config) => {
    mkdirSync(join(stage.folder, name));
    writeFileSync(join(stage.folder, name, 'weir.toml'), config);
    symlinkSync(name, join(stage.folder, '..data_tmp'));
    renameSync(join(stage.folder, '..data_tmp'), join(stage.folder, '..data'));
  };
  mount('..first', two_models(simulator));
  symlinkSync('..data/weir.toml', join(stage.folder, 'weir.toml'));
  const weir = await stage.listen('weir', ['serve', '--config', join(stage.folder, 'weir.toml'), '--http', '127.0.0.1:0'], { env });
  mount('..second', two_models(simulator) + translate);
  rmSync(join(stage.folder, '..first'), { recursive: true });
  await loaded(weir);
  mount('..third', two_models(simulator));
  await loaded(weir, 2);
  assert.ok(!(await tools(weir.port)).includes('translate'));
});

staged('under load from twenty callers no call fails, and what was taken of a limit stays taken', async (stage) => {
  const simulator = await stage.simulator('--latency', '5..30');
  const config = (tpm, more = '') =>
    two_models(simulator, { server: 'concurrency_limit = 30\nqueue_limit = 200', tight: `rpm = 100_000\nrpm_burst = 5000\nrpd = ${tpm}` }) + more;
  const weir = await serve(stage, config(50_000));
  let going = true, made = 0;
  const callers = Array.from({ length: 20 }, async () => {
    while (going) {
      const result = await call(weir.port, 'summarise', { text });
      assert.equal(result.isError, undefined, JSON.stringify(result));
      ++made;
    }
  });
  const admitted = new Promise((resolve) => {
    const look = () => [...weir.text.stderr.matchAll(/outcome=ok/g)].length > 40 && resolve();
    weir.stderr.on('data', look);
  });
  await admitted;
  for (let i = 1; i <= 10; ++i) {
    replace(stage, config(50_000 - i * 1000, i % 2 === 1 ? translate : ''));
    weir.kill('SIGHUP');
    await loaded(weir, i);
  }
  going = false;
  await Promise.all(callers);
  const { models, server } = await limits(weir.port);
  assert.ok(made > 60);
  assert.equal(models.tight.limits.rpd.amount, 40_000);
  assert.equal(models.tight.limits.rpd.level, 40_000 - made);
  assert.equal(models.tight.calls.failed, 0);
  assert.ok(server.config.loads >= 11);
});

staged('a call that is under way ends with the catalog that it began with', async (stage) => {
  const simulator = await stage.simulator('--latency', '600..700');
  const weir = await serve(stage, two_models(simulator) + translate);
  const slow = call(weir.port, 'translate', { text });
  const until_sent = async () => { while (!(await stage.stats(simulator)).tight?.admitted && (await limits(weir.port)).models.tight.in_flight === 0); };
  await until_sent();
  replace(stage, two_models(simulator));
  await loaded(weir);
  const gone = await post(weir.port, 'tools/call', { name: 'translate', arguments: { text } });
  assert.match(gone.body.error.message, /no tool named "translate"/);
  assert.equal((await slow).isError, undefined);
});

staged('a token that is revoked is refused from then on, and what needs a restart is named', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const config = (clients, server = '') => two_models(simulator, { server }) +
    clients.map((name) => `[clients.${name}]\ntoken = "env:${name.toUpperCase()}"\n`).join('');
  const weir = await serve(stage, config(['alice', 'bob']));
  const status = async (name) =>
    (await post(weir.port, 'tools/list', {}, { headers: { authorization: `Bearer ${env[name]}` } })).status;
  assert.deepEqual([await status('ALICE'), await status('BOB')], [200, 200]);
  replace(stage, config(['bob'], 'http = "127.0.0.1:1"\nhttp_threads = 3'));
  await loaded(weir);
  assert.deepEqual([await status('ALICE'), await status('BOB')], [401, 200]);
  assert.match(weir.text.stderr, /server\.http, server\.http_threads changed, which needs a restart/);
});

for (const [transport, mode] of [['stdio', 'legacy'], ['stdio', { pin: version }], ['HTTP', { pin: version }]]) {
  staged(`${transport}, ${JSON.stringify(mode)}: the official client is told that the lists have changed`, async (stage) => {
    const simulator = await stage.simulator('--latency', '1..2');
    const heard = {};
    const both = new Promise((resolve) => {
      const on = (kind) => (error, items) => {
        heard[kind] = items?.map(({ name }) => name);
        if (heard.tools?.includes('translate') && heard.prompts?.includes('translate')) resolve();
      };
      heard.options = { tools: { onChanged: on('tools') }, prompts: { onChanged: on('prompts') } };
    });
    const client = new Client({ name: 'reload', version: '1' }, { versionNegotiation: { mode }, listChanged: heard.options });
    const file = stage.file('weir.toml', two_models(simulator));
    if (transport === 'stdio') {
      await client.connect(new StdioClientTransport({ command: join(build, 'weir'), args: ['serve', '--stdio', '--config', file], stderr: 'ignore', env }));
    } else {
      const weir = await serve(stage, two_models(simulator));
      await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${weir.port}/mcp`)));
    }
    assert.equal(client.getServerCapabilities().tools.listChanged, true);
    replace(stage, two_models(simulator) + translate);
    await both;
    await client.close();
  });
}

staged('check --diff shows what a reload would change, against the server or another file', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const before = two_models(simulator, { server: 'watch_config = false', tight: 'tpm = 500_000' });
  const weir = await serve(stage, before);
  const after = two_models(simulator, { server: 'watch_config = false\nhttp_threads = 3', tight: 'tpm = 250_000' })
    .replace('env:OPENAI_API_KEY', 'env:ALICE') + translate;
  const check = async (...args) => {
    const child = stage.run('weir', ['check', '--diff', '--config', stage.file('new.toml', after), ...args], { env });
    return { code: (await child.exit).code, out: child.text.stdout, err: child.text.stderr };
  };
  const expected = (out) => {
    assert.match(out, /^~ server: http_threads 2 → 3 {2}\(needs a restart\)$/m);
    assert.match(out, /^~ models\.tight: tpm 500_000 → 250_000$/m);
    assert.match(out, /^~ models\.tight: api_key: changed$/m);
    assert.match(out, /^\+ tools\.translate$/m);
    assert.match(out, /^server ~1, models ~1, tools \+1 -0; 1 of these need a restart$/m);
    assert.doesNotMatch(out, /sk-secret|the-token/);
  };
  const asked = await check('--url', `http://127.0.0.1:${weir.port}/mcp`);
  assert.equal(asked.code, 0, asked.err);
  expected(asked.out);
  expected((await check('--against', stage.file('old.toml', before))).out);
  assert.equal((await check('--against', stage.file('new.toml', after))).out, 'no change\n');
  const nobody = await check('--url', 'http://127.0.0.1:1/mcp');
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /does the server run\?/);
});
