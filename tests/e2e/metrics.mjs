// /metrics as Prometheus itself sees it: its linter accepts the text, its server scrapes it, and its queries answer what
// was called. Without Prometheus (scripts/setup --test lays it) those tests are left out, and say so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Stage, build, call, two_models } from './stage.mjs';

const laid = fileURLToPath(new URL('../../build/prometheus/usr/bin/', import.meta.url));
const find = (program) => existsSync(laid + program) ? laid + program
  : [...(process.env.PATH ?? '').split(':')].map((folder) => `${folder}/${program}`).find(existsSync);
const prometheus = find('prometheus'), promtool = find('promtool');
const skip = prometheus && promtool ? false : 'Prometheus is not there: scripts/setup --test lays it';

const token = 'a-long-token-for-the-scraper';
const get = (weir, path, headers = {}, method = 'GET') =>
  fetch(`http://127.0.0.1:${weir.port}${path}`, { method, headers });
const text_of = (i) => `A weir is a low dam. It lets a river through at a measured rate. This is text ${i}.`;

async function free_port() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// A Prometheus on a port of its own that scrapes `weir` every second; answers what asks it.
async function scraping(stage, weir, credentials = '') {
  const port = await free_port();
  stage.file('prometheus.yml', `
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: weir
    static_configs: [{ targets: ['127.0.0.1:${weir.port}'] }]
${credentials}`);
  const server = stage.run(relative(build, prometheus), [`--config.file=${stage.file('prometheus.yml')}`,
    `--storage.tsdb.path=${stage.file('tsdb')}`, `--web.listen-address=127.0.0.1:${port}`]);
  await new Promise((resolve, reject) => {
    server.stderr.on('data', () => server.text.stderr.includes('Server is ready') && resolve());
    server.exit.then(() => reject(new Error(`Prometheus ended: ${server.text.stderr}`)));
  });
  return async (query) => {
    const answer = await (await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query })}`)).json();
    assert.equal(answer.status, 'success', `${query}: ${answer.error}`);
    return answer.data.result;
  };
}

// Asks until the answer is `expected`, or a minute has passed: when Prometheus scrapes is its own affair.
async function eventually(ask, query, expected) {
  const ends = Date.now() + 60_000;
  let value;
  do value = Number((await ask(query))[0]?.value[1]); while (value !== expected && Date.now() < ends);
  assert.equal(value, expected, query);
}

const dashboard = () => {
  const { panels } = JSON.parse(readFileSync(new URL('../../examples/grafana-weir.json', import.meta.url)));
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) =>
    expr.replaceAll('$job', '.*').replaceAll('$__rate_interval', '1m')));
};

async function staged(run, server = '') {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator();
    const weir = await stage.weir(two_models(simulator, { server }));
    await run(stage, weir, simulator);
  } finally {
    await stage.close();
  }
}

test('promtool finds nothing to mend in the metrics of a server that has been called', { skip }, () =>
  staged(async (stage, weir) => {
    await call(weir.port, 'summarise', { text: text_of(0) });
    await call(weir.port, 'summarise_wide', { text: text_of(0) });
    const answer = await get(weir, '/metrics');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const checked = spawnSync(promtool, ['check', 'metrics'], { input: await answer.text(), encoding: 'utf8' });
    assert.equal(`${checked.stdout}${checked.stderr}`, '');
    assert.equal(checked.status, 0);
  }));

test('Prometheus scrapes the server, and answers how many calls there were, and what they used', { skip }, () =>
  staged(async (stage, weir, simulator) => {
    const ask = await scraping(stage, weir);
    await Promise.all(Array.from({ length: 12 }, (_, i) => call(weir.port, 'summarise', { text: text_of(i) })));
    await Promise.all(Array.from({ length: 5 }, (_, i) => call(weir.port, 'summarise_wide', { text: text_of(i) })));
    const { tight, wide } = await stage.stats(simulator);
    await eventually(ask, 'sum(weir_tool_calls_total{tool="summarise",outcome="ok"})', 12);
    await eventually(ask, 'sum(weir_tool_calls_total)', 17);
    await eventually(ask, 'sum(mcp_server_operation_duration_seconds_count)', 17);
    await eventually(ask, 'sum(weir_attempts_total{model="tight",status="2xx"})', tight.admitted);
    await eventually(ask, 'sum(weir_tokens_total{model="tight"})', tight.input_tokens + tight.output_tokens);
    await eventually(ask, 'sum(weir_tokens_total{model="wide"})', wide.input_tokens + wide.output_tokens);
    await eventually(ask, 'sum(gen_ai_client_token_usage_sum{gen_ai_token_type="output"})',
      tight.output_tokens + wide.output_tokens);
    // In nano-dollars, as the prices of two_models() have it.
    await eventually(ask, 'round(sum(weir_cost_usd_total{model="tight"}) * 1e9)',
      tight.input_tokens * 100 + tight.output_tokens * 400);
    await eventually(ask, 'up{job="weir"}', 1);
    await eventually(ask, 'weir_slots_taken', 0);
  }));

test('Prometheus understands every question of the dashboard', { skip }, () => staged(async (stage, weir) => {
  const ask = await scraping(stage, weir);
  await call(weir.port, 'summarise', { text: text_of(0) });
  await eventually(ask, 'sum(weir_tool_calls_total)', 1);
  const questions = dashboard();
  assert.ok(questions.length > 30);
  for (const question of questions) await ask(question);
}));

test('Prometheus scrapes a guarded server with the token, and only with it', { skip }, async () => {
  const stage = new Stage();
  try {
    const simulator = await stage.simulator();
    stage.file('token', token);
    const weir = await stage.weir(`${two_models(simulator)}\n[metrics]\ntoken = "file:${stage.file('token')}"\n`);
    assert.equal((await get(weir, '/metrics')).status, 401);
    assert.equal((await get(weir, '/metrics', { authorization: 'Bearer another' })).status, 401);
    const ask = await scraping(stage, weir, `
  - job_name: guarded
    authorization: { credentials_file: ${stage.file('token')} }
    static_configs: [{ targets: ['127.0.0.1:${weir.port}'] }]
`);
    await eventually(ask, 'up{job="guarded"}', 1);
    await eventually(ask, 'up{job="weir"}', 0);
  } finally {
    await stage.close();
  }
});

test('the probes answer a server that lives and is ready, in words and in JSON, and only those who look', () =>
  staged(async (stage, weir) => {
    assert.equal(await (await get(weir, '/healthz')).text(), 'ok\n');
    const ready = await get(weir, '/readyz', { accept: 'application/json' });
    assert.equal(ready.status, 200);
    assert.equal((await ready.json()).ready, true);
    assert.match(await (await get(weir, '/readyz', { accept: 'text/plain' })).text(), /^ready\n/);
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      assert.equal((await get(weir, path, {}, 'POST')).status, 405);
      assert.equal(await (await get(weir, path, {}, 'HEAD')).text(), '');
    }
  }));
