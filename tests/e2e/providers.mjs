// Weir and the simulator, every provider by every feature, over real sockets. Prints one table; a cell that is not as it
// should be fails the test of its column.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Stage, call } from './stage.mjs';

const text = 'The river rises in the north. It turns east at the old mill. Below the weir it is wide and slow.';
// Tables of [models.NAME], less base_url and faults. A name with a fault is of no listed model, and has no profiles.
// `profiles`: one that reasons little, one that reasons much.
const providers = {
  'openai chat': { provider: 'openai', base: '/v1', model: 'gpt-6-luna',
    profiles: ['reasoning_effort = "low"', 'reasoning_effort = "high"'] },
  'openai responses': { provider: 'openai', api: 'responses', base: '/v1', model: 'gpt-6-luna',
    profiles: ['reasoning_effort = "low"', 'reasoning_effort = "high"'] },
  'anthropic adaptive': { provider: 'anthropic', base: '', model: 'claude-sonnet-5-5',
    profiles: ['effort = "low"', 'effort = "high"'] },
  'anthropic budget': { provider: 'anthropic', base: '', model: 'claude-opus-4-5',
    profiles: ['thinking_token_budget = 1_024', 'thinking_token_budget = 8_192'] },
  'google level': { provider: 'google', base: '/v1beta', model: 'gemini-3.8-flash',
    profiles: ['thinking_level = "low"', 'thinking_level = "high"'] },
  'google budget': { provider: 'google', base: '/v1beta', model: 'gemini-2.5-flash',
    profiles: ['thinking_token_budget = 0', 'thinking_token_budget = 4_096'] },
  openrouter: { provider: 'openrouter', base: '/api/v1', model: 'openai/gpt-6-luna',
    profiles: ['reasoning_effort = "low"', 'thinking_token_budget = 8_192'] },
  compatible: { provider: 'compatible', base: '/v1', model: 'llama3' },
};
const schema = 'output_schema = { type = "object", required = ["name", "lines"], properties.name = { type = "string" }, '
  + 'properties.note = { type = "string" }, properties.lines = { type = "array", items = { type = "object", '
  + 'required = ["n"], properties.n = { type = "integer" } } } }';
const long_rules = 'You are a careful clerk of the river board. '.repeat(1_200);

const usage = (result) => result._meta['weir/usage'];
const said = (result) => result.content[0].text;
function answered(result) {
  assert.ok(!result.isError, said(result));
  assert.equal(result.structuredContent.finish ?? 'stop', 'stop');
  assert.ok(usage(result).input_tokens > 10 && usage(result).output_tokens > 0);
  return result;
}
const failed = (result, fault, words, attempts) => {
  assert.ok(result.isError, 'it answered');
  assert.match(said(result), words);
  assert.equal(result._meta['weir/fault'], fault);
  assert.equal(usage(result).attempts, attempts);
};
function fits(result) {
  answered(result);
  const { name, lines, note, ...others } = result.structuredContent;
  assert.equal(typeof name, 'string');
  assert.ok(lines.every((line) => Number.isInteger(line.n)));
  assert.ok(note === undefined || typeof note === 'string');
  assert.deepEqual(others, {});
  assert.deepEqual(JSON.parse(said(result)), result.structuredContent);
}

// Each: what the model's and the tool's tables have beside, the fault of the model's name, and what is right.
const features = {
  text: { right: async (ask) => answered(await ask()) },
  streamed: { model: 'stream = true', right: async (ask, cells) => {
    const result = answered(await ask());
    assert.equal(said(result), cells.text, 'streamed and whole differ');
  } },
  reasoning: { profiles: true, right: async (ask) => {
    const little = answered(await ask({ profile: 'little' })), much = answered(await ask({ profile: 'much' }));
    assert.ok(usage(much).reasoning_tokens > usage(little).reasoning_tokens);
    assert.ok(usage(much).reserved_output_tokens > usage(little).reserved_output_tokens);
    assert.ok(usage(much).output_tokens <= usage(much).reserved_output_tokens);
    assert.equal(usage(much).profile, 'much');
  } },
  schema: { tool: schema, right: async (ask) => fits(await ask()) },
  'schema streamed': { model: 'stream = true', tool: schema, right: async (ask) => fits(await ask()) },
  repaired: { fault: 'bad-json-once', tool: schema, right: async (ask) => {
    const result = await ask();
    fits(result);
    assert.equal(usage(result).repaired, true);
    assert.equal(usage(result).attempts, 2);
  } },
  'never fits': { fault: 'bad-json', tool: schema,
    right: async (ask) => failed(await ask(), 'bad_reply', /does not fit its schema.*it begins: /s, 2) },
  cached: { system: long_rules, right: async (ask) => {
    answered(await ask());
    const { cached_input_tokens, input_tokens } = usage(answered(await ask()));
    assert.ok(cached_input_tokens >= 1_024 && cached_input_tokens <= input_tokens, `${cached_input_tokens} cached`);
  } },
  refused: { fault: 'refusal', right: async (ask) => {
    const result = await ask();
    assert.ok(result.isError);
    assert.match(said(result), /refused|filter/);
    assert.equal(usage(result).attempts, 1);
  } },
  filtered: { fault: 'filtered', right: async (ask) => {
    const result = await ask();
    assert.ok(result.isError);
    assert.match(said(result), /refused|filter/);
    assert.equal(usage(result).attempts, 1);
  } },
  cut: { fault: 'length', right: async (ask) => {
    const result = await ask();
    assert.equal(result.structuredContent?.truncated, true, said(result));
    assert.equal(usage(result).attempts, 1);
  } },
  'no usage': { fault: 'no-usage', right: async (ask) => {
    const result = await ask();
    assert.ok(!result.isError, said(result));
    assert.equal(usage(result).output_tokens, null);
    assert.equal(usage(result).cost_usd, null);
  } },
  '429 once': { fault: '429-once', right: async (ask) => assert.equal(usage(answered(await ask())).attempts, 2) },
  overloaded: { fault: '529', model: 'max_attempts = 2', right: async (ask) => failed(await ask(), 'unavailable', /5\d\d/, 2) },
  'server error': { fault: '500', model: 'max_attempts = 2', right: async (ask) => failed(await ask(), 'unavailable', /500/, 2) },
  // Google's answer to a spending cap cannot be told from one to a rate.
  'no money': { fault: 'quota', model: 'max_attempts = 2', right: async (ask, _, provider) => provider.startsWith('google')
    ? failed(await ask(), 'unavailable', /429/, 2) : failed(await ask(), 'exhausted', /credit|spend/, 1) },
  // Whole: paid for, and not asked again. In a stream: the answer is broken off, as by a network.
  garbage: { fault: 'garbage', model: 'stream = false', right: async (ask) => failed(await ask(), 'bad_reply', /cannot be used|not JSON/, 1) },
  'stream cut': { fault: 'cut', model: 'stream = true\nmax_attempts = 2', right: async (ask) => {
    const result = await ask();
    failed(result, 'unavailable', /closed|broke|complete|middle/, 2);
    assert.ok(usage(result).at_least);
  } },
  'stream error': { fault: 'stream-error', model: 'stream = true\nmax_attempts = 2',
    right: async (ask) => failed(await ask(), 'unavailable', /error|overloaded|answered/, 2) },
  'garbage streamed': { fault: 'garbage', model: 'stream = true\nmax_attempts = 2',
    right: async (ask) => failed(await ask(), 'bad_reply', /cannot be used|not JSON/, 2) },
  split: { fault: 'split', model: 'stream = true', right: async (ask) => answered(await ask()) },
  flood: { fault: 'flood', model: 'stream = true', right: async (ask) => answered(await ask()) },
};

const name_of = (provider, feature) => `${provider}_${feature}`.replaceAll(/[^a-z0-9]/g, '_').slice(0, 40);

function configuration(port) {
  let toml = '[server]\nconcurrency_limit = 64\ndefault_model = "openai_chat_text"\n';
  for (const [provider, table] of Object.entries(providers)) {
    for (const [feature, { model = '', tool = '', system, fault, profiles }] of Object.entries(features)) {
      if (profiles && !table.profiles) continue;
      const name = name_of(provider, feature);
      toml += `
[models.${name}]
provider = "${table.provider}"
${table.api ? `api = "${table.api}"` : ''}
model = "${table.model}${fault ? `-fault-${fault}` : ''}"
base_url = "http://127.0.0.1:${port}${table.base}"
api_key = "env:OPENAI_API_KEY"
retry_time = "20s"
${model}
${table.profiles && !fault ? 'default_profile = "little"' : ''}
${(fault ? [] : table.profiles ?? []).map((profile, i) => `profiles.${i ? 'much' : 'little'} = { ${profile} }`).join('\n')}
[tools.${name}]
model = "${name}"
description = "Says it shorter."
prompt = "Summarise in two sentences:\\n\\n{{text}}"
${system ? `system = "${system}"` : ''}
${profiles ? 'profiles = ["little", "much"]' : ''}
${tool}
input.text = { type = "string" }
`;
    }
  }
  return toml;
}

describe('every provider, every feature', () => {
  const stage = new Stage();
  let weir;
  const cells = Object.fromEntries(Object.keys(providers).map((provider) => [provider, {}]));
  before(async () => {
    const simulator = await stage.simulator('--shape', 'unlimited', '--latency', '0');
    weir = await stage.weir(configuration(simulator.port));
  });
  after(async () => {
    await stage.close();
    const width = Math.max(...Object.keys(features).map((feature) => feature.length));
    const columns = Object.keys(providers);
    console.log(`\n${''.padEnd(width)}  ${columns.join('  ')}`);
    for (const feature of Object.keys(features))
      console.log(`${feature.padEnd(width)}  ${columns.map((one) => (cells[one][feature] ?? '').padEnd(one.length)).join('  ')}`);
  });

  for (const [feature, { right, profiles }] of Object.entries(features)) {
    test(feature, async () => {
      const wrong = [];
      for (const [provider, table] of Object.entries(providers)) {
        if (profiles && !table.profiles) {
          cells[provider][feature] = '-';
          continue;
        }
        const ask = (more = {}) => call(weir.port, name_of(provider, feature), { text, ...more });
        try {
          const result = await right(ask, cells[provider], provider);
          if (feature === 'text') cells[provider].text = said(result);
          else cells[provider][feature] = 'yes';
        } catch (error) {
          cells[provider][feature] = 'NO';
          wrong.push(`${provider}: ${error.message}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
  test('the answer was the same in every dialect', () => {
    const answers = new Set(Object.values(cells).map((cell) => cell.text));
    for (const cell of Object.values(cells)) cell.text = 'yes';
    assert.equal(answers.size, 1, [...answers].join('\n'));
  });
});
