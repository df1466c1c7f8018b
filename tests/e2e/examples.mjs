// Every example under examples/ is served as it stands, but for the address of its providers, and each of its tools is called
// at each of its profiles.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { Stage, build, call, post } from './stage.mjs';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));
const keys = Object.fromEntries(['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_DEV_KEY', 'OPENAI_PROD_KEY', 'OPENAI_OVERFLOW_KEY']
  .map((name) => [name, `sk-${name.toLowerCase()}`]));
const text = 'The river rises in the north. It turns east at the old mill, because the valley does. Below it is slow.';

// Which tools at which profiles; undefined: none is chosen.
const examples = {
  tiered: { summarise_draft: [undefined], summarise: [undefined] },
  multi_model: { summarise: [undefined], analyse: [undefined], key_points: [undefined] },
  thinking: { analyse: [undefined, 'quick', 'thorough'] },
  effort: { classify: [undefined], prove: [undefined] },
};

describe('the examples of models and profiles', () => {
  const stage = new Stage();
  let simulator;
  before(async () => { simulator = await stage.simulator('--shape', 'unlimited', '--latency', '0'); });
  after(() => stage.close());
  const pointed_here = (name) => readFileSync(`${folder}${name}.toml`, 'utf8')
    .replaceAll(/^\[models\.\w+\]\n(provider = "anthropic"\n)?/gm, (header, anthropic) =>
      `${header}base_url = "http://127.0.0.1:${simulator.port}${anthropic ? '' : '/v1'}"\n`);

  for (const [name, tools] of Object.entries(examples)) {
    test(name, async () => {
      const file = stage.file(`${name}.toml`, pointed_here(name));
      const weir = await stage.listen('weir', ['serve', '--config', file, '--http', '127.0.0.1:0'], { env: keys });
      const listed = (await post(weir.port, 'tools/list')).body.result.tools.map((tool) => tool.name);
      assert.deepEqual(listed.filter((tool) => !tool.startsWith('weir_')), Object.keys(tools).sort());
      const room = {};
      for (const [tool, profiles] of Object.entries(tools)) {
        for (const profile of profiles) {
          const result = await call(weir.port, tool, { [tool === 'prove' ? 'claim' : 'text']: text, ...(profile && { profile }) });
          assert.ok(!result.isError, `${tool} at ${profile}: ${result.content[0].text}`);
          const usage = result._meta['weir/usage'];
          assert.ok(usage.cost_usd > 0);
          room[profile ?? 'default'] = usage.reserved_output_tokens;
        }
      }
      if (name === 'thinking') {
        assert.deepEqual(room, { default: 512 + 2_048, quick: 512 + 2_048, thorough: 512 + 8_192 });
        assert.match(weir.text.stderr, /warning: .*output_tpm = 10000 admits about 1\.1 calls of tool "analyse" at profile "thorough" a minute, whatever rpm = 100 says/);
      }
      if (name === 'effort') assert.equal(room.default, 4_000 + 25_000);
    });
  }
});

test('fifty support tickets go through four tools, as a script shows them', async () => {
  const script = spawn(`${folder}tickets.sh`, { env: { ...process.env, WEIR_BUILD: build }, stdio: ['ignore', 'pipe', 'pipe'] });
  let shown = '', complaints = '';
  script.stdout.on('data', (data) => { shown += data; });
  script.stderr.on('data', (data) => { complaints += data; });
  const code = await new Promise((resolve) => script.on('close', resolve));
  assert.equal(code, 0, complaints);
  const tickets = shown.match(/^ ?\d+ \{"label":"(billing|delivery|technical|question|praise)"\} +\{"amount_euros":.*"urgent":(true|false)\}\n {3}\S.+$/gm);
  assert.equal(tickets?.length, 50, shown);
  assert.match(tickets[0], /"label":"billing".*\n.*charged twice/);
  assert.match(shown, /== report over all of them\n\S/);
  assert.match(shown, /^report +\[fast: \d+ tokens in .* attempts 1; cost in USD 0\.0\d+\]$/m);
});
