// Weir as a process: how it starts, what it prints where, how it ends, and what becomes of calls whose caller goes away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, call, post, two_models } from './stage.mjs';

const text = 'One sentence is here. Another follows it.';
const staged = (name, run) => test(name, { timeout: 60_000 }, async () => {
  const stage = new Stage();
  try { await run(stage); } finally { await stage.close(); }
});
const stdio = (stage, config) =>
  stage.run('weir', ['serve', '--stdio', '--config', stage.file('weir.toml', config)], { env: { OPENAI_API_KEY: 'sk-secret-marker' } });
const line = (object) => `${JSON.stringify({ jsonrpc: '2.0', ...object })}\n`;
// Resolves as soon as `found` says so of what the program has printed so far.
const printed = (child, name, found) => new Promise((resolve) => {
  const look = () => found(child.text[name]) && resolve(child.text[name]);
  child[name].on('data', look);
  look();
});
const lines = (child) => child.text.stdout.split('\n').filter(Boolean).map((each) => JSON.parse(each));
// Asks the simulator until `found` says so; each question is a real round trip.
const until_stats = async (stage, simulator, found) => {
  for (;;) {
    const stats = await stage.stats(simulator);
    if (found(stats)) return stats;
  }
};

staged('stdio: a call is answered, stdout holds nothing but the protocol, and end of input ends it with 0', async (stage) => {
  const simulator = await stage.simulator('--latency', '5..10');
  const weir = stdio(stage, two_models(simulator));
  weir.stdin.write(line({ id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } }));
  weir.stdin.write(line({ method: 'notifications/initialized' }));
  weir.stdin.write(line({ id: 'one', method: 'tools/call', params: { name: 'summarise', arguments: { text } } }));
  await printed(weir, 'stdout', (all) => all.includes('"one"'));
  weir.stdin.end();
  assert.deepEqual(await weir.exit, { code: 0, signal: null });
  const answers = lines(weir);
  assert.equal(answers.length, 2);
  assert.equal(answers[1].result.content[0].text, 'One sentence is here.');
  assert.match(weir.text.stderr, /tool=summarise .*outcome=ok/);
  assert.ok(!weir.text.stderr.includes('sk-secret-marker'));
});

staged('stdio: both eras on one pipe, decided per message', async (stage) => {
  const simulator = await stage.simulator();
  const weir = stdio(stage, two_models(simulator));
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
  weir.stdin.write(line({ id: 1, method: 'server/discover', params: { _meta: meta } }));
  weir.stdin.write(line({ id: 2, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } } }));
  weir.stdin.write(line({ id: 3, method: 'tools/list' }));
  weir.stdin.write(line({ id: 4, method: 'tools/list', params: { _meta: meta } }));
  await printed(weir, 'stdout', (all) => all.split('\n').length > 4);
  const by_id = Object.fromEntries(lines(weir).map((message) => [message.id, message.result]));
  assert.equal(by_id[1].resultType, 'complete');
  assert.equal(by_id[2].protocolVersion, '2025-06-18');
  assert.equal(by_id[3].resultType, undefined);
  assert.equal(by_id[4].resultType, 'complete');
});

staged('stdio: SIGTERM ends it with 0, also while a call hangs', async (stage) => {
  const simulator = await stage.simulator('--latency', '60000');
  const weir = stdio(stage, two_models(simulator));
  weir.stdin.write(line({ id: 1, method: 'tools/call', params: { name: 'summarise', arguments: { text } } }));
  await until_stats(stage, simulator, (stats) => stats.tight?.in_flight_max === 1);
  weir.kill('SIGTERM');
  assert.deepEqual(await weir.exit, { code: 0, signal: null });
});

staged('stdio: a reader that goes away ends it with 0', async (stage) => {
  const simulator = await stage.simulator();
  const weir = stdio(stage, two_models(simulator));
  weir.stdin.write(line({ id: 1, method: 'ping' }));
  await printed(weir, 'stdout', (all) => all.includes('"id":1'));
  weir.stdout.destroy();
  weir.stdin.write(line({ id: 2, method: 'ping' }));
  assert.deepEqual(await weir.exit, { code: 0, signal: null });
});

staged('stdio: a cancelled call is not answered, and its slot is free at once', async (stage) => {
  const simulator = await stage.simulator('--latency', '60000', '--model', 'tight');
  const quick = await stage.simulator('--latency', '1..2');
  const config = two_models(simulator, { server: 'concurrency_limit = 1' })
    .replace(/(\[models\.wide\][^[]*?base_url = "http:\/\/127\.0\.0\.1:)\d+/, `$1${quick.port}`);
  const weir = stdio(stage, config);
  weir.stdin.write(line({ id: 1, method: 'tools/call', params: { name: 'summarise', arguments: { text } } }));
  await until_stats(stage, simulator, (stats) => stats.tight?.in_flight_max === 1);
  weir.stdin.write(line({ id: 2, method: 'tools/call', params: { name: 'summarise_wide', arguments: { text } } }));
  weir.stdin.write(line({ method: 'notifications/cancelled', params: { requestId: 1 } }));
  await printed(weir, 'stdout', (all) => all.includes('"id":2'));
  assert.deepEqual(lines(weir).map((message) => message.id), [2]);
  await printed(weir, 'stderr', (all) => all.includes('outcome=cancelled'));
});

staged('HTTP: a caller that disconnects cancels its call, and the next one gets its slot', async (stage) => {
  const simulator = await stage.simulator('--latency', '60000', '--model', 'tight');
  const quick = await stage.simulator('--latency', '1..2');
  const config = two_models(simulator, { server: 'concurrency_limit = 1' })
    .replace(/(\[models\.wide\][^[]*?base_url = "http:\/\/127\.0\.0\.1:)\d+/, `$1${quick.port}`);
  const weir = await stage.weir(config);
  const leaving = new AbortController();
  const left = call(weir.port, 'summarise', { text }, { signal: leaving.signal }).catch((error) => error.name);
  await until_stats(stage, simulator, (stats) => stats.tight?.in_flight_max === 1);
  const next = call(weir.port, 'summarise_wide', { text });
  leaving.abort();
  assert.equal(await left, 'AbortError');
  assert.equal((await next).isError, undefined);
  await printed(weir, 'stderr', (all) => all.includes('outcome=cancelled'));
});

staged('HTTP: SIGTERM lets a call in flight finish, and ends with 0', async (stage) => {
  const simulator = await stage.simulator('--latency', '700');
  const weir = await stage.weir(two_models(simulator));
  const pending = call(weir.port, 'summarise', { text });
  await until_stats(stage, simulator, (stats) => stats.tight?.in_flight_max === 1);
  weir.kill('SIGTERM');
  const result = await pending;
  assert.equal(result.content[0].text, 'One sentence is here.');
  assert.deepEqual(await weir.exit, { code: 0, signal: null });
});

staged('HTTP: at the end of drain_timeout it ends with 0 all the same', async (stage) => {
  const simulator = await stage.simulator('--latency', '60000');
  const weir = await stage.weir(two_models(simulator, { server: 'drain_timeout = "200ms"' }));
  const pending = call(weir.port, 'summarise', { text }).catch(() => 'cut');
  await until_stats(stage, simulator, (stats) => stats.tight?.in_flight_max === 1);
  weir.kill('SIGTERM');
  assert.deepEqual(await weir.exit, { code: 0, signal: null });
  await pending;
});

staged('HTTP: two servers cannot share a port; the second says so and ends with 1', async (stage) => {
  const simulator = await stage.simulator();
  const weir = await stage.weir(two_models(simulator));
  const second = stage.run('weir', ['serve', '--config', stage.file('weir.toml'), '--http', `127.0.0.1:${weir.port}`],
    { env: { OPENAI_API_KEY: 'x' } });
  assert.equal((await second.exit).code, 1);
  assert.match(second.text.stderr, new RegExp(`127\\.0\\.0\\.1:${weir.port}.*in use`));
});

staged('HTTP: a provider that is away is an answer that an agent can act on, after bounded retries', async (stage) => {
  const simulator = await stage.simulator();
  const weir = await stage.weir(two_models({ port: 9 }, { tight: 'max_attempts = 2' }));
  const result = await call(weir.port, 'summarise', { text });
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /model "tight": .*127\.0\.0\.1:9/);
  assert.equal(result._meta['weir/usage'].attempts, 2);
  assert.ok(simulator.port > 0);
});

staged('HTTP: usage, cost and wait are in _meta; bad arguments are a result that says what is wrong', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const weir = await stage.weir(two_models(simulator, { tight: 'rpm = 600\ntpm = 60000' }));
  const good = await call(weir.port, 'summarise', { text });
  const usage = good._meta['weir/usage'];
  assert.equal(usage.model, 'tight');
  assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
  const expected = (usage.input_tokens * 0.10 + usage.output_tokens * 0.40) / 1e6;
  assert.ok(Math.abs(usage.cost_usd - expected) < 1e-15, `${usage.cost_usd} for ${expected}`);
  assert.equal(good.structuredContent.text, good.content[0].text);
  const unpriced = await call(weir.port, 'summarise_wide', { text });
  assert.equal(unpriced._meta['weir/usage'].cost_usd, null);
  const bad = await call(weir.port, 'summarise', { text, sentences: 0 });
  assert.equal(bad.isError, true);
  assert.match(bad.content[0].text, /arguments\.sentences: 0 is below the minimum of 1/);
  const unknown = await post(weir.port, 'tools/call', { name: 'sumarise', arguments: {} });
  assert.equal(unknown.body.error.code, -32602);
  assert.match(unknown.body.error.message, /did you mean "summarise"/);
});
