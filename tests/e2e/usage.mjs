// What was used, as people, agents and machines ask for it; and budgets, which end what may be used.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Stage, call, post } from './stage.mjs';

const text = 'A weir is a low dam. It lets a river through at a measured rate.';
const env = { CI: 'ci-token-0123456789abcdef', BOSS: 'boss-token-0123456789abcdef' };
const ci = { headers: { authorization: `Bearer ${env.CI}` } }, boss = { headers: { authorization: `Bearer ${env.BOSS}` } };

const config = (stage, simulator, { clients = true, budget = '', of_client = '' } = {}) => `
[server]
${budget}
[ledger]
file = "${stage.file('ledger.db')}"
flush = "0s"
${clients ? `[clients.ci]
token = "env:CI"
scopes = []
${of_client}
[clients.boss]
token = "env:BOSS"` : ''}
[models.fast]
provider = "compatible"
model = "fast"
base_url = "http://127.0.0.1:${simulator.port}/v1"
input_price = 1
output_price = 2
[tools.summarise]
description = "Summarise a text."
prompt = "Summarise:\\n\\n{{text}}"
max_output_tokens = 60
input.text = { type = "string" }
`;
const serve = (stage, toml) =>
  stage.listen('weir', ['serve', '--config', stage.file('weir.toml', toml), '--http', '127.0.0.1:0'], { env });
async function run(stage, ...args) {
  const program = stage.run('weir', ['usage', '--file', stage.file('ledger.db'), ...args], { env: { COLUMNS: '120' } });
  const { code } = await program.exit;
  return { code, ...program.text };
}

test('the shell reports usage as a table, JSON and CSV, and answers the example reports', async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator();
    const weir = await serve(stage, config(stage, simulator, { clients: false }));
    const costs = [];
    for (let i = 0; i < 5; ++i) costs.push((await call(weir.port, 'summarise', { text }))._meta['weir/usage'].cost_usd);
    weir.kill('SIGTERM');
    await weir.exit;
    const total = costs.reduce((sum, cost) => sum + cost, 0);

    const table = await run(stage, '--by', 'tool');
    assert.equal(table.code, 0, table.stderr);
    assert.match(table.stdout, /summarise/);
    const json = JSON.parse((await run(stage, '--by', 'model', '--json')).stdout);
    assert.ok(Array.isArray(json.columns) && json.rows.length === 1, JSON.stringify(json));
    assert.match((await run(stage, '--by', 'client', '--csv')).stdout, /anonymous/);

    const reports = readFileSync(new URL('../../examples/reports.sql', import.meta.url), 'utf8')
      .split(';').filter((sql) => sql.includes('SELECT'));
    const answers = [];
    for (const sql of reports) {
      const answer = await run(stage, '--json', '--sql', sql);
      assert.equal(answer.code, 0, answer.stderr);
      answers.push(JSON.parse(answer.stdout).rows);
    }
    assert.equal(answers[0].length, 5);
    const value = (row, name, at) => (Array.isArray(row) ? row[at] : row[name]);
    assert.ok(Math.abs(value(answers[1][0], 'daily_cost', 3) - total) < 1e-9);
    assert.ok(Math.abs(value(answers[2][0], 'total_spend', 1) - total) < 1e-9);

    for (const sql of ['DELETE FROM calls', 'SELECT 1; SELECT 2', 'ATTACH ":memory:" AS a', 'SELECT * FROM texts', 'PRAGMA user_version']) {
      const refused = await run(stage, '--sql', sql);
      assert.equal(refused.code, 1, sql);
      assert.match(refused.stderr, /sql: /, sql);
    }
    const none = stage.run('weir', ['usage', '--file', stage.file('nothing.db')]);
    assert.equal((await none.exit).code, 1);
    assert.match(none.text.stderr, /nothing\.db/);
  } finally {
    await stage.close();
  }
});

test('an agent asks by weir_usage; who lacks the scope sees only its own, and has no SQL', async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator();
    const weir = await serve(stage, config(stage, simulator));
    await call(weir.port, 'summarise', { text }, ci);
    await call(weir.port, 'summarise', { text }, boss);
    await call(weir.port, 'summarise', { text }, boss);
    const ask = async (args, who) => (await post(weir.port, 'tools/call', { name: 'weir_usage', arguments: args }, who)).body.result;
    const asked = async (args, who, done) => {
      for (;;) {  // what was told last is in the file in a moment
        const result = await ask(args, who);
        assert.ok(!result.isError, JSON.stringify(result));
        if (done(result.structuredContent)) return result.structuredContent;
      }
    };
    const clients = (answer) => JSON.stringify(answer.rows);
    const all = await asked({ report: 'usage', by: 'client' }, boss, (answer) => answer.rows.length === 2);
    assert.match(clients(all), /"ci"/);
    assert.match(clients(all), /"boss"/);
    const own = await asked({ report: 'usage', by: 'client' }, ci, (answer) => answer.rows.length >= 1);
    assert.doesNotMatch(clients(own), /boss/);
    const others = await ask({ report: 'usage', by: 'client', client: 'boss' }, ci);
    assert.doesNotMatch(JSON.stringify(others.structuredContent?.rows ?? []), /boss/);
    const sql = { sql: 'SELECT count(*) FROM calls' };
    assert.ok((await ask(sql, ci)).isError);
    assert.equal((await ask(sql, boss)).isError ?? false, false);
    assert.ok((await ask({ sql: 'SELECT * FROM texts' }, boss)).isError);
    assert.ok((await ask({ sql: 'DROP TABLE calls' }, boss)).isError);

    const page = (await post(weir.port, 'resources/read', { name: 'weir://usage', uri: 'weir://usage' }, boss)).body;
    assert.ok(page.result, JSON.stringify(page));
    JSON.parse(page.result.contents[0].text);
  } finally {
    await stage.close();
  }
});

test('a budget ends what a client may use, says when it resets, and outlives a restart', async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator();
    const toml = config(stage, simulator, { of_client: 'budget_day_usd = 0.001' });
    let weir = await serve(stage, toml);
    let spent = 0, refused;
    for (const width of [4, 1]) {  // side by side, what others hold is in the way before it is used up
      refused = undefined;
      for (let i = 0; i < 100 && !refused; ++i) {
        const results = await Promise.all(Array.from({ length: width }, () => call(weir.port, 'summarise', { text }, ci)));
        for (const result of results) {
          if (result.isError) refused = result;
          else spent += result._meta['weir/usage'].cost_usd;
        }
      }
    }
    assert.ok(refused, 'it was never refused');
    assert.ok(spent > 0.0008 && spent <= 0.001, `${spent} USD`);
    assert.match(refused.content[0].text, /budget_day_usd/);
    assert.match(refused.content[0].text, /resets/);
    assert.equal((await call(weir.port, 'summarise', { text }, boss)).isError ?? false, false);  // who has none
    weir.kill('SIGTERM');
    await weir.exit;

    weir = await serve(stage, toml);
    let more = 0;
    for (let i = 0; i < 40; ++i) {
      const result = await call(weir.port, 'summarise', { text }, ci);
      if (!result.isError) more += result._meta['weir/usage'].cost_usd;
    }
    assert.ok(spent + more <= 0.001, `${spent} and ${more} USD`);
    const audit = JSON.parse((await run(stage, '--json', '--sql', 'SELECT kind, subject FROM audit')).stdout);
    for (const kind of ['load', 'budget_warned', 'budget_exhausted']) assert.match(JSON.stringify(audit.rows), new RegExp(kind));
  } finally {
    await stage.close();
  }
});
