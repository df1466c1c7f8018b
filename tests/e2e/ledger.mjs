// The ledger against what the provider says: ten thousand calls of two clients on four models, with refusals, faults, retries, cancels
// and cached answers; and what a killed server has kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, call, post } from './stage.mjs';

const input_nano = 100, output_nano = 400;  // a token
const models = ['alice_fast', 'alice_slow', 'bob_fast', 'bob_slow'];
// Whose calls are given up: never answered, so that no answer is on its way by then, which would be told and not heard.
const silent = ['alice_gone', 'bob_gone'];
const wire = (name) => (silent.includes(name) ? `${name}-fault-hang` : name);

const config = (simulator, file) => `
[server]
concurrency_limit = 400
queue_limit = 20_000
queue_bytes = "1GiB"
max_wait = "2m"
connections_max = 4_000

[ledger]
file = "${file}"
flush = "50ms"

[clients.alice]
token = "env:ALICE"

[clients.bob]
token = "env:BOB"
${[...models, ...silent].map((name) => `
[models.${name}]
provider = "compatible"
model = "${wire(name)}"
base_url = "http://127.0.0.1:${simulator.port}/v1"
input_price = ${input_nano / 1000}
output_price = ${output_nano / 1000}
rpm = 1_000_000
max_attempts = 10

[tools.ask_${name}]
description = "Summarise a text."
model = "${name}"
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
input.text = { type = "string" }

[tools.keep_${name}]
description = "Summarise a text, once."
model = "${name}"
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
cache = "1h"
input.text = { type = "string" }
`).join('')}`;

const env = { ALICE: 'alice-token-0123456789', BOB: 'bob-token-0123456789' };
const as = (model) => ({ authorization: `Bearer ${model.startsWith('alice') ? env.ALICE : env.BOB}` });
const serve = (stage, simulator, file) =>
  stage.listen('weir', ['serve', '--config', stage.file('weir.toml', config(simulator, file)), '--http', '127.0.0.1:0'], { env });

// Answers the rows of `weir usage --sql`, as objects.
async function ask(stage, file, sql) {
  const usage = stage.run('weir', ['usage', '--file', file, '--json', '--sql', sql]);
  const { code } = await usage.exit;
  assert.equal(code, 0, usage.text.stderr);
  const { columns, rows } = JSON.parse(usage.text.stdout);
  return rows.map((row) => (Array.isArray(row) ? Object.fromEntries(columns.map((name, i) => [name.name ?? name, row[i]])) : row));
}

// `width` callers, each with the next of `work` as soon as it has an answer.
async function side_by_side(work, width, each) {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < work.length) await each(work[next++]);
  }));
}

test('the tokens and the cost of ten thousand calls are what the provider told, by model and by client', async () => {
  const stage = new Stage();
  try {
    const file = stage.file('ledger.db');
    const simulator = await stage.simulator('--latency', '20..80', '--rpm', '60000', '--tpm', '100000000',
      '--faults', '500:0.01,503:0.01');
    const weir = await serve(stage, simulator, file);
    const work = Array.from({ length: 10_000 }, (_, i) => {
      const gives_up = i % 97 === 1;
      return { i, gives_up, model: gives_up ? silent[i % 2] : models[i % models.length] };
    });
    const seen = { answered: 0, failed: 0, cancelled: 0, cached: 0 };
    await side_by_side(work, 256, async ({ i, model, gives_up }) => {
      const kept = !gives_up && i % 5 === 0;  // one in five may be had from the cache
      const text = kept ? `Text ${i % 50} is asked for often. It is short.` : `Text ${i} is new. It says that weirs are dams.`;
      const options = { headers: as(model) };
      const cut = new AbortController();
      if (gives_up) options.signal = cut.signal;
      const asked = call(weir.port, `${kept ? 'keep' : 'ask'}_${model}`, { text }, options);
      if (gives_up) setTimeout(() => cut.abort(), 5 + (i % 50));
      const result = await asked.catch((error) => error);
      if (result instanceof Error) ++seen.cancelled;
      else if (result.isError) ++seen.failed;
      else ++seen.answered, seen.cached += result._meta['weir/usage'].origin === 'cache' ? 1 : 0;
    });
    assert.ok(seen.answered > 9_000 && seen.cancelled > 20 && seen.cached > 500, JSON.stringify(seen));
    weir.kill('SIGTERM');
    await weir.exit;

    const told = await stage.stats(simulator);
    const by_model = await ask(stage, file, `
      SELECT model, client, count(*) AS attempts, sum(outcome = 'ok' OR outcome = 'length') AS answered,
        sum(coalesce(uncached_input_tokens, 0) + coalesce(cached_input_tokens, 0)) AS input,
        sum(coalesce(output_tokens, 0)) AS output, sum(cost_nano) AS cost
      FROM attempts GROUP BY model, client ORDER BY model`);
    assert.deepEqual(by_model.map((row) => row.model), [...models, ...silent].sort());
    for (const row of by_model.filter(({ model }) => silent.includes(model))) {
      assert.equal(told[wire(row.model)].told_output_tokens, 0);
      assert.deepEqual({ input: row.input, output: row.output, cost: row.cost ?? 0 }, { input: 0, output: 0, cost: 0 });
    }
    for (const row of by_model.filter(({ model }) => models.includes(model))) {
      const { told_input_tokens: input, told_output_tokens: output } = told[row.model];
      assert.equal(row.client, row.model.split('_')[0]);
      assert.deepEqual({ input: row.input, output: row.output }, { input, output }, row.model);
      assert.equal(row.cost, input * input_nano + output * output_nano, row.model);
    }
    // The sums by hour and by day, the rows of the calls, and the budgets' books say the same.
    const sums = 'sum(uncached_input_tokens + cached_input_tokens) AS input, sum(output_tokens) AS output, sum(cost_nano) AS cost';
    const all = { input: 0, output: 0, cost: 0 };
    for (const row of by_model) for (const key of Object.keys(all)) all[key] += row[key];
    for (const table of ['hourly', 'daily']) assert.deepEqual(await ask(stage, file, `SELECT ${sums} FROM ${table}`), [all], table);
    const [calls] = await ask(stage, file, `SELECT count(*) AS calls, count(DISTINCT id) AS ids, sum(outcome = 'ok' OR outcome = 'length') AS answered,
      sum(outcome = 'cancelled') AS cancelled, sum(from_cache) AS cached FROM calls`);
    assert.equal(calls.ids, calls.calls);
    assert.equal(calls.calls, seen.answered + seen.failed + calls.cancelled);
    assert.equal(calls.answered, seen.answered);
    assert.equal(calls.cached, seen.cached);
    assert.ok(calls.cancelled > 20 && calls.cancelled <= seen.cancelled);  // some gave up before they were heard
    const [retried] = await ask(stage, file, 'SELECT sum(number > 1) AS retries FROM attempts');
    assert.ok(retried.retries > 50, `${retried.retries} retries`);
  } finally {
    await stage.close();
  }
});

test('a killed server loses nothing that it said was written, and writes nothing twice', async () => {
  const stage = new Stage();
  try {
    const file = stage.file('ledger.db');
    const simulator = await stage.simulator('--latency', '1..5', '--shape', 'unlimited');
    let before = 0;
    for (let round = 0; round < 8; ++round) {
      const weir = await serve(stage, simulator, file);
      let going = true, answered = 0, written = 0;
      const load = Promise.all(Array.from({ length: 16 }, async (_, caller) => {
        for (let i = 0; going; ++i) {
          const model = models[caller % models.length];
          const result = await call(weir.port, `ask_${model}`, { text: `${round} ${caller} ${i}` }, { headers: as(model) }).catch(() => null);
          if (result && !result.isError) ++answered;
        }
      }));
      // By what the server itself says has been written, while it is at work.
      while (written < 100 + 50 * round) {
        const page = await (await fetch(`http://127.0.0.1:${weir.port}/metrics`)).text();
        written = Number(/^weir_ledger_committed_records_total(?:\{[^}]*\})? (\d+)/m.exec(page)?.[1] ?? 0);
      }
      weir.kill('SIGKILL');
      going = false;
      await Promise.all([weir.exit, load]);
      const [{ rows, unique, twice }] = await ask(stage, file, `
        SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM attempts) + (SELECT count(*) FROM audit) AS rows,
          (SELECT count(DISTINCT id) FROM calls) AS "unique",
          (SELECT count(*) FROM (SELECT 1 FROM attempts GROUP BY call_id, flight, number HAVING count(*) > 1)) AS twice`);
      assert.ok(rows - before >= written, `round ${round}: ${written} were said to be written, ${rows - before} are there`);
      assert.equal(twice, 0);
      assert.ok(unique > 0 && answered > 0);
      before = rows;
    }
    const [sums] = await ask(stage, file, `SELECT (SELECT sum(output_tokens) FROM attempts) AS rows, (SELECT sum(output_tokens) FROM hourly) AS hours,
      (SELECT sum(output_tokens) FROM daily) AS days, (SELECT sum(attempts) FROM hourly) - (SELECT count(*) FROM attempts) AS off`);
    assert.equal(sums.hours, sums.rows);
    assert.equal(sums.days, sums.rows);
    assert.equal(sums.off, 0);
  } finally {
    await stage.close();
  }
});

test('the audit tells what was loaded and reloaded, what providers taught, pauses, budgets and refused authentications', async () => {
  const stage = new Stage();
  try {
    const file = stage.file('ledger.db');
    const simulator = await stage.simulator('--latency', '1..5', '--rpm', '6000', '--model', 'small', '--model', 'small-fault-429-once');
    const text = (description) => `
[ledger]
file = "${file}"
flush = "10ms"

[clients.alice]
token = "env:ALICE"
budget_day_tokens = 1_000
${['small', 'small-fault-429-once'].map((name, i) => `
[models.m${i}]
provider = "openai"
model = "${name}"
reasoning = "none"
base_url = "http://127.0.0.1:${simulator.port}/v1"
api_key = "env:OPENAI_API_KEY"
rpm = 9_000

[tools.ask_m${i}]
description = "${description}"
model = "m${i}"
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
input.text = { type = "string" }
`).join('')}`;
    const path = stage.file('weir.toml', text('Summarise a text.'));
    const weir = await stage.listen('weir', ['serve', '--config', path, '--http', '127.0.0.1:0'],
      { env: { ALICE: env.ALICE, OPENAI_API_KEY: 'sk-secret-marker' } });
    const alice = { headers: { authorization: `Bearer ${env.ALICE}` } };
    const asked = await call(weir.port, 'ask_m1', { text: 'A weir is a low dam.' }, alice);
    assert.ok(!asked.isError, JSON.stringify(asked));
    let refused;
    for (let i = 0; i < 100 && !refused?.isError; ++i) refused = await call(weir.port, 'ask_m0', { text: `A weir ${i} is a low dam.` }, alice);
    assert.match(refused.content[0].text, /budget/);
    const wrong = await fetch(`http://127.0.0.1:${weir.port}/mcp`, { method: 'POST', body: '{}',
      headers: { 'content-type': 'application/json', authorization: 'Bearer not-a-token-of-anybody' } });
    assert.equal(wrong.status, 401);
    stage.file('weir.toml', text('Summarise a text, anew.'));
    weir.kill('SIGHUP');
    for (;;) {  // until the new catalog is served
      const { body } = await post(weir.port, 'tools/list', {}, alice);
      if (body.result.tools.some(({ description }) => description.includes('anew'))) break;
    }
    stage.file('weir.toml', text('Summarise a text, anew.') + '\n[models.m0]\n');
    weir.kill('SIGHUP');
    while (!weir.text.stderr.includes('configuration refused')) await new Promise((resolve) => weir.stderr.once('data', resolve));
    weir.kill('SIGTERM');
    await weir.exit;
    const rows = (await ask(stage, file, 'SELECT kind, subject, detail FROM audit ORDER BY id'))
      .map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) }));
    const told = (kind) => rows.filter((row) => row.kind === kind).map(({ subject, detail }) => ({ subject, ...detail }));
    const [load, reload, refusal] = ['load', 'reload', 'reload_refused'].map((kind) => told(kind)[0]);
    assert.equal(load.subject, path);
    assert.match(load.digest, /^[0-9a-f]{12}$/);
    assert.deepEqual({ ...reload, digest: '' }, { subject: path, changed: 'tools ~2', secrets_changed: 0, digest: '' });
    assert.notEqual(reload.digest, load.digest);
    assert.match(refusal.first, /weir.toml:40: .*m0/);
    assert.deepEqual(told('paused'), [{ subject: 'm1', finer_slices: false, for_ms: 24, limit: 'rpm' }]);
    assert.deepEqual(told('limit_adopted'), ['m1', 'm0'].map((subject) => ({ subject, limit: 'rpm', from: 9000, to: 6000 })));
    const [warned, exhausted] = ['budget_warned', 'budget_exhausted'].map((kind) => told(kind)[0]);
    assert.equal(warned.subject, 'client alice');
    assert.ok(warned.spent >= 800 && warned.spent <= exhausted.spent && exhausted.spent <= 1000, JSON.stringify([warned, exhausted]));
    assert.match(told('auth_refused')[0].line, /status=401/);
    assert.equal(rows.length, 9);
  } finally {
    await stage.close();
  }
});
