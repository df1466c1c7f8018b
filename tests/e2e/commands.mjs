// The commands as a person types them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, call, two_models } from './stage.mjs';

const staged = (name, run) => test(name, { timeout: 60_000 }, async () => {
  const stage = new Stage();
  try { await run(stage); } finally { await stage.close(); }
});
const env = { OPENAI_API_KEY: 'sk-secret-marker' };

staged('call prints the answer on stdout and what it cost on stderr', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const config = stage.file('weir.toml', two_models(simulator));
  const article = stage.file('article.txt', 'The first sentence. The second sentence. The third sentence.');
  const weir = stage.run('weir', ['call', 'summarise', '--config', config, '--arg', `text=@${article}`, '--arg', 'sentences=2'], { env });
  assert.equal((await weir.exit).code, 0);
  assert.equal(weir.text.stdout, 'The first sentence. The second sentence.\n');
  assert.match(weir.text.stderr, /\[tight: \d+ tokens in .* waited 0 ms, .* cost in USD \d/);
});

staged('call says what is wrong and ends with 1', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const config = stage.file('weir.toml', two_models(simulator));
  for (const [args, message] of [
    [['sumarise'], /no tool named "sumarise"; did you mean "summarise"\?/],
    [['summarise'], /missing "text"/],
    [['summarise', '--arg', 'text=x', '--arg', 'sentences=two'], /arguments\.sentences/],
    [['summarise', '--arg', 'text'], /expected NAME=VALUE/],
    [['summarise', '--arg', 'text=@/no/such/file'], /cannot read the file "\/no\/such\/file"/],
    [['summarise', '--json', '[1]'], /not a JSON object/],
  ]) {
    const weir = stage.run('weir', ['call', '--config', config, ...args], { env });
    assert.equal((await weir.exit).code, 1, args.join(' '));
    assert.match(weir.text.stderr, message);
    assert.equal(weir.text.stdout, '');
  }
});

staged('check prints the configuration in force without secrets, or every mistake', async (stage) => {
  const good = stage.run('weir', ['check', '--config', stage.file('good.toml', two_models({ port: 1 }, { tight: 'rpm = 60' }))], { env });
  assert.equal((await good.exit).code, 0);
  assert.match(good.text.stdout, /rpm_burst = 1/);
  assert.match(good.text.stdout, /env:OPENAI_API_KEY/);
  assert.ok(!(good.text.stdout + good.text.stderr).includes('sk-secret-marker'));

  const bad = stage.run('weir', ['check', '--config', stage.file('bad.toml', two_models({ port: 1 }, { tight: 'rmp = 60', wide: 'tpm = "many"' }))], { env });
  assert.equal((await bad.exit).code, 1);
  assert.match(bad.text.stderr, /bad\.toml:\d+: .*"rmp"; did you mean "rpm"\?/);
  assert.match(bad.text.stderr, /bad\.toml:\d+: .*tpm/);
  assert.match(bad.text.stderr, /2 mistakes/);
});

staged('tools lists what there is', async (stage) => {
  const weir = stage.run('weir', ['tools', '--config', stage.file('weir.toml', two_models({ port: 1 }))], { env });
  assert.equal((await weir.exit).code, 0);
  assert.match(weir.text.stdout, /^summarise +tight +text, sentences\? +Summarise a text\.$/m);
});

staged('without a configuration it says where one would be looked for', async (stage) => {
  const weir = stage.run('weir', ['tools'], { cwd: stage.folder, env: { HOME: stage.folder } });
  assert.equal((await weir.exit).code, 1);
  assert.match(weir.text.stderr, /--config or \$WEIR_CONFIG, or put it at weir\.toml or .*\.config\/weir\/weir\.toml/);
});

staged('limits shows what a server that runs has left: as a table, as JSON, again and again', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const weir = await stage.weir(two_models(simulator, { tight: 'rpm = 10\nrpm_burst = 2\ntpm = 6000\nrpd = 100' }) + '\n[client_defaults]\nrpm = 10\nrpm_burst = 10\n');
  const url = ['--url', `http://127.0.0.1:${weir.port}/mcp`];
  assert.equal((await call(weir.port, 'summarise', { text: 'One. Two.' })).isError, undefined);

  const table = stage.run('weir', ['limits', ...url]);
  assert.equal((await table.exit).code, 0, table.text.stderr);
  assert.match(table.text.stdout, /^server: 0 of \d+ calls in flight, 0 waiting/);
  assert.match(table.text.stdout, /^tight: 0 in flight, 0 waiting, .*\n  1 admitted, 0 refused/m);
  assert.match(table.text.stdout, /^tight +rpm +1 \/ 2 +#{10}\.{10} +10 \/ min$/m);
  assert.match(table.text.stdout, /^tight +rpd +99 \/ 100 .* 100 \/ day +calendar, resets at midnight of UTC$/m);
  assert.match(table.text.stdout, /^anonymous on tight +rpm +9 \/ 10 /m);

  const json = stage.run('weir', ['limits', '--json', ...url]);
  assert.equal((await json.exit).code, 0);
  assert.equal(JSON.parse(json.text.stdout).models.tight.calls.admitted, 1);

  const watching = stage.run('weir', ['limits', '--json', '--watch', '0.1', ...url]);
  await new Promise((resolve) => watching.stdout.on('data', () => watching.text.stdout.split('\n').length > 3 && resolve()));
  watching.kill('SIGINT');
  assert.equal((await watching.exit).code, 0);
  for (const line of watching.text.stdout.trim().split('\n')) assert.ok(JSON.parse(line).models.tight);
});

staged('limits says what is wrong: no server, no Weir, a token that is wanted', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const guarded = await stage.listen('weir', ['serve', '--config', stage.file('guarded.toml',
    two_models(simulator) + '\n[clients.ops]\ntoken = "env:OPS_TOKEN"\n'), '--http', '127.0.0.1:0'],
  { env: { OPENAI_API_KEY: 'sk-secret-marker', OPS_TOKEN: 'a-token-of-the-operators' } });
  for (const [args, message] of [
    [['--url', 'http://127.0.0.1:9/mcp'], /http:\/\/127\.0\.0\.1:9\/mcp: .*does the server run\?/],
    [['--url', `http://127.0.0.1:${simulator.port}/mcp`], /this is no Weir: it answered 404/],
    [['--url', `http://127.0.0.1:${guarded.port}/mcp`], /wants a token: --token env:NAME/],
    [['--url', `http://127.0.0.1:${guarded.port}/mcp`, '--token', 'env:NO_SUCH_NAME'], /--token: .*NO_SUCH_NAME/],
    [['--watch', '0'], /--watch/],
  ]) {
    const weir = stage.run('weir', ['limits', ...args]);
    assert.notEqual((await weir.exit).code, 0, args.join(' '));
    assert.match(weir.text.stderr, message);
    assert.equal(weir.text.stdout, '');
  }
  const allowed = stage.run('weir', ['limits', '--url', `http://127.0.0.1:${guarded.port}/mcp`, '--token', 'env:OPS_TOKEN'],
    { env: { OPS_TOKEN: 'a-token-of-the-operators' } });
  assert.equal((await allowed.exit).code, 0, allowed.text.stderr);
});

staged('an agent asks weir_limits before it calls, and what it is told holds', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const weir = await stage.weir(two_models(simulator, { tight: 'rpm = 20\nrpm_burst = 1' }));
  const forecast = async () => (await call(weir.port, 'weir_limits', { tool: 'summarise', input_tokens: 10 })).structuredContent.forecast;
  assert.deepEqual(await forecast(), { would_wait_ms: 0 });
  assert.equal((await call(weir.port, 'summarise', { text: 'One. Two.' })).isError, undefined);
  const told = await forecast();
  assert.equal(told.limit, 'rpm');
  assert.equal(told.of, 'model');
  assert.ok(told.would_wait_ms > 0 && told.would_wait_ms <= 3000);
  const waited = (await call(weir.port, 'summarise', { text: 'One. Two.' }))._meta['weir/usage'].waited_ms;
  assert.ok(waited > 0 && waited <= told.would_wait_ms, `waited ${waited} of ${told.would_wait_ms}`);
});

staged('check --online tries every key, and says what the provider said; a start with check_keys does too', async (stage) => {
  const simulator = await stage.simulator('--api-key', 'sk-good', '--model', 'gpt-4.1-nano', '--model', 'claude-opus-4-5');
  const config = (more = '') => `[server]\ndefault_model = "a"\n${more}
[models.a]
model = "gpt-4.1-nano"
base_url = "http://127.0.0.1:${simulator.port}/v1"
api_key = "env:GOOD"
[models.b]
provider = "anthropic"
model = "claude-opus-4-5"
base_url = "http://127.0.0.1:${simulator.port}"
api_key = "env:BAD"
[models.c]
provider = "google"
model = "gemini-9"
base_url = "http://127.0.0.1:${simulator.port}/v1beta"
api_key = "env:GOOD"
[models.d]
model = "gpt-4.1"
base_url = "http://127.0.0.1:9/v1"
api_key = "env:GOOD"
`;
  const env = { GOOD: 'sk-good', BAD: 'sk-very-secret' };
  const check = stage.run('weir', ['check', '--online', '--config', stage.file('online.toml', config())], { env });
  assert.equal((await check.exit).code, 1);
  assert.match(check.text.stderr, /^model "a": its provider takes the key$/m);
  assert.match(check.text.stderr, /online\.toml:8: model "b": .*401.*authentication_error/);
  assert.match(check.text.stderr, /online\.toml:13: model "c": .*404/);
  assert.match(check.text.stderr, /warning: model "d" could not be tried: connect to 127\.0\.0\.1:9 failed/);
  assert.doesNotMatch(check.text.stderr + check.text.stdout, /very-secret/);
  assert.equal(check.text.stdout, '');

  const serve = (text) => ['serve', '--config', stage.file('served.toml', text), '--http', '127.0.0.1:0'];
  const refused = stage.run('weir', serve(config('check_keys = true')), { env });
  assert.equal((await refused.exit).code, 1);
  assert.match(refused.text.stderr, /model "b": .*401/);
  await stage.listen('weir', serve(config()), { env });  // without it, a start asks nobody
  await stage.listen('weir', serve(config('check_keys = true').split('[models.b]')[0]), { env });
});
