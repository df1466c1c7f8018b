// A tool with a cache: what is asked at once is asked once, and what was answered is not asked again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, call } from './stage.mjs';

const count = 100;

const config = (simulator, server = '') => `
[server]
concurrency_limit = 8
queue_limit = 200
${server}

[models.fast]
provider = "compatible"
model = "fast"
base_url = "http://127.0.0.1:${simulator.port}/v1"
input_price = 0.10
output_price = 0.40

[tools.cached]
description = "Summarise a text."
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
cache = "1h"
input.text = { type = "string" }

[tools.other]
description = "The same, in a namespace of its own."
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
cache = { ttl = "1h", namespace = "other" }
input.text = { type = "string" }

[tools.plain]
description = "The same, without a cache."
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
input.text = { type = "string" }
`;
const text = 'A weir is a low dam. It lets a river through at a measured rate.';
const usage = (result) => result._meta['weir/usage'];
const at_once = (port, name, args = { text }) =>
  Promise.all(Array.from({ length: count }, () => call(port, name, args)));

test(`${count} equal calls at once are one request; what follows is none`, async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator('--latency', '300..300');
    const weir = await stage.weir(config(simulator));
    const first = await at_once(weir.port, 'cached');
    assert.ok(first.every((result) => !result.isError), JSON.stringify(first.find((result) => result.isError)));
    assert.equal((await stage.stats(simulator)).fast.admitted, 1);
    assert.equal(new Set(first.map((result) => result.content[0].text)).size, 1);
    const paid = first.filter((result) => usage(result).origin === undefined);
    assert.equal(paid.length, 1);
    assert.ok(usage(paid[0]).cost_usd > 0);
    for (const result of first) {
      if (result === paid[0]) continue;
      assert.ok(['shared', 'cache'].includes(usage(result).origin));
      assert.equal(usage(result).cost_usd, 0);
      assert.equal(usage(result).input_tokens, 0);
    }

    const second = await at_once(weir.port, 'cached');
    assert.ok(second.every((result) => usage(result).origin === 'cache'));
    assert.ok(second.every((result) => result.content[0].text === first[0].content[0].text));
    assert.equal((await stage.stats(simulator)).fast.admitted, 1);

    await call(weir.port, 'other', { text });
    assert.equal((await stage.stats(simulator)).fast.admitted, 2);
    await call(weir.port, 'cached', { text: `${text}!` });
    assert.equal((await stage.stats(simulator)).fast.admitted, 3);
    await Promise.all([call(weir.port, 'plain', { text }), call(weir.port, 'plain', { text })]);
    assert.equal((await stage.stats(simulator)).fast.admitted, 5);
  } finally {
    await stage.close();
  }
});

test('one who gives up does not take the answer from those who wait for it', async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator('--latency', '700..700');
    const weir = await stage.weir(config(simulator));
    const gone = new AbortController();
    const first = call(weir.port, 'cached', { text }, { signal: gone.signal });
    const others = Array.from({ length: 9 }, () => call(weir.port, 'cached', { text }));
    while ((await stage.stats(simulator)).fast?.in_flight_max !== 1);
    gone.abort();
    await assert.rejects(first);
    for (const result of await Promise.all(others)) assert.ok(!result.isError);
    assert.equal((await stage.stats(simulator)).fast.admitted, 1);
  } finally {
    await stage.close();
  }
});

test('a cache file answers after a restart; one that is broken costs a line in the log, and no call', async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator();
    const file = stage.file('cache.db');
    const cached = config(simulator, `cache_file = ${JSON.stringify(file)}`);
    const before = await stage.weir(cached);
    const answer = await call(before.port, 'cached', { text });
    assert.ok(!answer.isError);
    before.kill('SIGTERM');
    assert.equal((await before.exit).code, 0);
    const after = await stage.weir(cached);
    const again = await call(after.port, 'cached', { text });
    assert.equal(usage(again).origin, 'cache');
    assert.deepEqual(again.content, answer.content);
    assert.deepEqual(again.structuredContent, answer.structuredContent);
    after.kill('SIGKILL');
    await after.exit;
    const killed = await stage.weir(cached);
    assert.equal(usage(await call(killed.port, 'cached', { text })).origin, 'cache');
    assert.equal((await stage.stats(simulator)).fast.admitted, 1);

    const broken = stage.file('broken.db', 'no database'.repeat(1000));
    const without = await stage.weir(config(simulator, `cache_file = ${JSON.stringify(broken)}`));
    assert.ok(!(await call(without.port, 'cached', { text })).isError);
    assert.ok(!(await call(without.port, 'cached', { text })).isError);
    assert.equal((await stage.stats(simulator)).fast.admitted, 3);
    without.kill('SIGTERM');
    await without.exit;
    const lines = without.text.stderr.split('\n').filter((line) => line.includes('cache_file'));
    assert.equal(lines.length, 1, without.text.stderr);
  } finally {
    await stage.close();
  }
});
