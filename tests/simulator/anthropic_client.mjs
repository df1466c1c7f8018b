// The official Anthropic client against the real simulator: node anthropic_client.mjs PATH-TO-WEIR-SIMULATOR
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { assertRiver, rejection, riverSchema, runAll, start, statsOf } from './stage.mjs';

async function clientOf(...args) {
  const origin = await start(...args);
  const make = (options = {}) => new Anthropic({ apiKey: 'sk-ant-simulator', baseURL: origin, maxRetries: 0, timeout: 20_000, ...options });
  make.origin = origin;
  make.old = () => make({ defaultHeaders: { 'anthropic-version': '2023-06-01' } });
  return make;
}

const hi = [{ role: 'user', content: 'Summarise in 1 sentence:\n\nThe weir holds. The river runs.' }];
const textOf = (message) => message.content.filter((block) => block.type === 'text').map((block) => block.text).join('');
const ask = (client, more) => client.messages.create({ model: 'claude-opus-4-5', max_tokens: 200, messages: hi, ...more });

const tests = {
  async 'a plain call has an answer, usage, a request id and rate headers'(client) {
    const { data, response } = await ask(client(), { system: 'Be brief.' }).withResponse();
    assert.equal(textOf(data), 'The weir holds.');
    assert.equal(data.stop_reason, 'end_turn');
    assert.ok(data.usage.input_tokens > 0);
    assert.match(data._request_id, /^req_[0-9a-f]{16}$/);
    assert.equal(response.headers.get('anthropic-ratelimit-requests-limit'), '500');
    assert.equal(response.headers.get('anthropic-ratelimit-input-tokens-remaining'), '200000');
    assert.match(response.headers.get('anthropic-ratelimit-requests-reset'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  },

  async 'a stream gives the same text and the same usage'(client) {
    const stream = client().messages.stream({ model: 'claude-opus-4-5', max_tokens: 200, messages: hi });
    const types = new Set();
    stream.on('streamEvent', (event) => types.add(event.type));
    const final = await stream.finalMessage();
    const plain = await ask(client());
    assert.equal(textOf(final), textOf(plain));
    assert.equal(final.usage.output_tokens, plain.usage.output_tokens);
    for (const type of ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']) {
      assert.ok(types.has(type), type);
    }
  },

  async 'thinking keeps to its budget and comes before the text'(client) {
    const done = await ask(client(), { max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2000 } });
    assert.deepEqual(done.content.map((block) => block.type), ['thinking', 'text']);
    assert.ok(done.content[0].thinking.length > 0);
    const thought = done.usage.output_tokens_details.thinking_tokens;
    assert.ok(thought >= 1000 && thought <= 2000, `${thought}`);
    assert.ok(done.usage.output_tokens > thought);
  },

  async 'a model that always thinks does so by its effort, and hides what it thinks'(client) {
    const low = await ask(client(), { model: 'claude-sonnet-5-5', max_tokens: 9000, output_config: { effort: 'low' } });
    const max = await ask(client(), { model: 'claude-sonnet-5-5', max_tokens: 9000, output_config: { effort: 'max' } });
    assert.equal(low.content[0].thinking, '');
    assert.ok(low.usage.output_tokens_details.thinking_tokens < max.usage.output_tokens_details.thinking_tokens);
    const seen = await ask(client(), { model: 'claude-sonnet-5-5', max_tokens: 9000, thinking: { type: 'adaptive', display: 'summarized' } });
    assert.ok(seen.content[0].thinking.length > 0);
    const small = await ask(client(), { model: 'claude-sonnet-5-5', max_tokens: 40 });
    assert.deepEqual([small.stop_reason, textOf(small)], ['max_tokens', '']);
  },

  async 'a structured answer fits its schema, by format and by a forced tool'(client) {
    const output_config = { format: { type: 'json_schema', schema: riverSchema } };
    assertRiver(JSON.parse(textOf(await ask(client(), { output_config }))));
    const tool = { name: 'out', description: 'the answer', input_schema: riverSchema };
    const forced = { tools: [tool], tool_choice: { type: 'tool', name: 'out' } };
    const plain = await ask(client(), forced);
    assert.equal(plain.stop_reason, 'tool_use');
    assertRiver(plain.content[0].input);
    const streamed = await client().messages.stream({ model: 'claude-opus-4-5', max_tokens: 400, messages: hi, ...forced }).finalMessage();
    assertRiver(streamed.content[0].input);
  },

  async 'examples go before the question, as calls of a tool where one is forced'(client) {
    const shots = [{ role: 'user', content: 'A first.' }, { role: 'assistant', content: 'It was so.' }, ...hi];
    assert.equal(textOf(await ask(client(), { messages: shots })), 'The weir holds.');
    const forced = { tools: [{ name: 'out', input_schema: riverSchema }], tool_choice: { type: 'tool', name: 'out' } };
    const call = { type: 'tool_use', id: 'example_1', name: 'out', input: { title: 'x' }, cache_control: { type: 'ephemeral' } };
    const result = { type: 'tool_result', tool_use_id: 'example_1', content: 'Taken.' };
    const turns = (called, answered) => [
      { role: 'user', content: 'A first.' }, { role: 'assistant', content: [called] },
      { role: 'user', content: [...answered, { type: 'text', text: hi[0].content }] },
    ];
    assertRiver((await ask(client(), { ...forced, messages: turns(call, [result]) })).content[0].input);
    for (const [messages, why] of [
      [turns(call, []), /messages\.1: `tool_use` ids were found without `tool_result` blocks/],
      [turns(call, [{ ...result, tool_use_id: 'other' }]), /messages\.2\.content\.0: unexpected `tool_use_id`/],
      [turns({ ...call, id: 'a b' }, [result]), /tool_use\.id: String should match pattern/],
      [turns({ ...call, input: 'x' }, [result]), /tool_use\.input: Input should be a valid dictionary/],
    ]) {
      const error = await rejection(ask(client(), { ...forced, messages }));
      assert.equal(error.status, 400);
      assert.match(error.message, why);
    }
    assert.match((await rejection(ask(client(), { messages: turns(call, [result]) }))).message, /must define tools/);
  },

  async 'tokens are counted, models are listed'(client) {
    const { input_tokens } = await client().messages.countTokens({ model: 'claude-opus-4-5', messages: hi });
    assert.equal(input_tokens, (await ask(client())).usage.input_tokens);
    const names = [];
    for await (const model of client().models.list()) names.push(model.id);
    assert.ok(names.includes('claude-sonnet-5-5'));
    assert.equal((await client().models.retrieve('claude-sonnet-5-5')).max_tokens, 128_000);
  },

  async 'a marked prefix is written to the cache, then read, beside the input tokens'(client) {
    const system = [{ type: 'text', text: 'rule '.repeat(5000), cache_control: { type: 'ephemeral' } }];
    const first = (await ask(client(), { system })).usage;
    const second = (await ask(client(), { system })).usage;
    assert.ok(first.cache_creation_input_tokens > 6000);
    assert.equal(first.cache_creation.ephemeral_5m_input_tokens, first.cache_creation_input_tokens);
    assert.equal(second.cache_read_input_tokens, first.cache_creation_input_tokens);
    assert.equal(second.cache_creation_input_tokens, 0);
    assert.equal(second.input_tokens, first.input_tokens);
    const all = (usage) => usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;
    assert.equal(all(first), all(second));
  },

  async 'a refusal is a stop reason, not an error'(client) {
    const done = await ask(client(), { model: 'fault-refusal' });
    assert.equal(done.stop_reason, 'refusal');
    assert.equal(done.stop_details.type, 'refusal');
  },
};

// What each request is refused for: [parameters, what the message says]
const refused = {
  'claude-opus-4-5': [
    [{ max_tokens: 64_001 }, /max_tokens: 64001 > 64000/],
    [{ messages: [] }, /at least one message/],
    [{ messages: [{ role: 'assistant', content: 'a' }] }, /first message must use the/],
    [{ messages: [{ role: 'user', content: '' }] }, /non-empty content/],
    [{ max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1023 } }, /greater than or equal to 1024/],
    [{ max_tokens: 1024, thinking: { type: 'enabled', budget_tokens: 1024 } }, /`max_tokens` must be greater than/],
    [{ thinking: { type: 'adaptive' } }, /adaptive thinking is not supported/],
    [{ output_config: { effort: 'xhigh' } }, /does not support effort level/],
    [{ max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1024 }, tools: [{ name: 't', input_schema: { type: 'object' } }], tool_choice: { type: 'any' } },
      /Thinking may not be enabled when tool_choice forces tool use/],
    [{ output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: {} } } } }, /additionalProperties/],
    [{ output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, additionalProperties: false } } } }, /minimum/],
    [{ foo: 1 }, /foo: Extra inputs are not permitted/],
  ],
  'claude-sonnet-5-5': [
    [{ thinking: { type: 'disabled' } }, /disabled" is not supported/],
    [{ max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2000 } }, /enabled" is not supported/],
    [{ messages: [...hi, { role: 'assistant', content: '{' }] }, /prefill/],
    [{ tools: [{ name: 't', input_schema: { type: 'object' } }], tool_choice: { type: 'tool', name: 't' } }, /not supported for this model/],
  ],
  'claude-haiku-4-5': [[{ output_config: { effort: 'low' } }, /does not support the effort parameter/]],
  'claude-opus-5': [[{ output_config: { effort: 'max' }, thinking: { type: 'disabled' } }, /only supported with an effort/]],
};

const rules = {
  async 'what the real API refuses is refused with 400 invalid_request_error'(client) {
    for (const [model, all] of Object.entries(refused)) {
      for (const [more, expected] of all) {
        const error = await rejection(ask(client(), { model, ...more }));
        assert.ok(error instanceof Anthropic.BadRequestError, `${JSON.stringify(more)}: ${error}`);
        assert.equal(error.type, 'invalid_request_error');
        assert.match(error.error.error.message, expected);
      }
    }
  },

  async 'sampling is refused by the new version, and by the old one where the model or thinking forbids it'(client) {
    assert.match((await rejection(ask(client(), { temperature: 1 }))).message, /temperature: Extra inputs/);
    assert.equal(textOf(await ask(client.old(), { temperature: 0.2 })), 'The weir holds.');
    assert.match((await rejection(ask(client.old(), { model: 'claude-opus-4-7', temperature: 0.2 }))).message, /deprecated/);
    assert.equal((await ask(client.old(), { model: 'claude-opus-4-7', temperature: 1 })).stop_reason, 'end_turn');
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    assert.match((await rejection(ask(client.old(), { max_tokens: 2000, thinking, temperature: 0.2 }))).message, /when thinking is enabled/);
  },

  async 'the version header is required, and must be one that exists'(client) {
    const send = (headers) => fetch(`${client.origin}/v1/messages`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'k', ...headers }, body: JSON.stringify({ model: 'm', max_tokens: 9, messages: hi }),
    });
    assert.equal((await send({})).status, 400);
    assert.equal((await send({ 'anthropic-version': '2024-01-01' })).status, 400);
    assert.equal((await send({ 'anthropic-version': '2023-06-01' })).status, 200);
    const without = await (await send({ 'anthropic-version': '2023-06-01' })).json();
    assert.equal(without.type, 'message');
  },
};

const faults = {
  async 'each error has its class and its request id'(client) {
    const of = (fault) => rejection(ask(client(), { model: `claude-opus-4-5-fault-${fault}` }));
    const overloaded = await of('529');
    assert.deepEqual([overloaded.status, overloaded.type], [529, 'overloaded_error']);
    assert.match(overloaded.requestID, /^req_/);
    assert.equal((await of('500')).type, 'api_error');
    const spent = await of('quota');
    assert.deepEqual([spent.status, spent.errorCode], [429, 'enforced_spend_limit_reached']);
    assert.equal(spent.headers.get('retry-after'), null);
  },

  async 'bad-json does not fit its schema, by format and by tool'(client) {
    const model = 'claude-opus-4-5-fault-bad-json';
    const output_config = { format: { type: 'json_schema', schema: riverSchema } };
    assert.equal(JSON.parse(textOf(await ask(client(), { model, output_config }))).title, undefined);
    const tools = [{ name: 'out', input_schema: riverSchema }];
    assert.equal((await ask(client(), { model, tools, tool_choice: { type: 'any' } })).content[0].input.title, undefined);
  },

  async 'one 429 is retried by the client'(client) {
    const done = await client({ maxRetries: 1 }).messages.create({ model: 'fault-429-once', max_tokens: 50, messages: hi });
    assert.equal(textOf(done), 'The weir holds.');
  },

  async 'an error in mid-stream is thrown, a flood of pings and odd pieces are not'(client) {
    const stream = (fault) => client().messages.stream({ model: `fault-${fault}`, max_tokens: 50, messages: hi }).finalMessage();
    assert.equal((await rejection(stream('stream-error'))).error.error.type, 'overloaded_error');
    for (const fault of ['flood', 'split', 'crlf']) assert.equal(textOf(await stream(fault)), 'The weir holds.');
  },

  async 'rate headers are missing, nonsense or in the past on demand'(client) {
    const header = async (fault, name) => (await ask(client(), { model: `fault-${fault}` }).withResponse()).response.headers.get(name);
    assert.equal(await header('no-headers', 'anthropic-ratelimit-requests-limit'), null);
    assert.equal(await header('wrong-headers', 'anthropic-ratelimit-requests-remaining'), '-7 or so');
    assert.equal(await header('past-reset', 'anthropic-ratelimit-requests-reset'), '2015-10-21T07:28:00Z');
  },
};

const strict = {
  async 'a wrong key is 401, by either header'(client) {
    assert.ok((await rejection(ask(client({ apiKey: 'wrong' })))) instanceof Anthropic.AuthenticationError);
    const old = { defaultHeaders: { 'x-api-key': 'sk-ant-simulator' } };
    assert.equal((await ask(client({ apiKey: 'wrong', ...old }), { model: 'narrow' })).type, 'message');
  },

  async 'an unknown model is 404'(client) {
    const error = await rejection(ask(client(), { model: 'other' }));
    assert.ok(error instanceof Anthropic.NotFoundError);
    assert.equal(error.type, 'not_found_error');
  },

  async 'input is limited without what the cache holds, output as it is produced, whatever max_tokens says'(client) {
    const system = [{ type: 'text', text: 'rule '.repeat(6000), cache_control: { type: 'ephemeral' } }];
    const first = await ask(client(), { model: 'narrow', max_tokens: 100_000, system }); // 7,500 of 10,000 input tokens a minute
    assert.ok(first.usage.cache_creation_input_tokens > 7000);
    for (let i = 0; i < 5; ++i) assert.ok((await ask(client(), { model: 'narrow', system })).usage.cache_read_input_tokens > 7000);
    const error = await rejection(ask(client(), { model: 'narrow', system: [{ ...system[0], text: 'other '.repeat(5000) }] }));
    assert.ok(error instanceof Anthropic.RateLimitError);
    assert.match(error.message, /10000 input tokens per minute/);
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
    assert.equal((await statsOf(client.origin, 'narrow')).refused, 1);
    assert.ok((await statsOf(client.origin, 'narrow')).cached_tokens > 5 * 7000);
  },

};

const talkative = {
  async 'output beyond its limit is a debt that the next request waits for'(client) {
    const talk = { model: 'talks', max_tokens: 5000 };
    const first = await ask(client(), talk); // 1,000 of 500 output tokens a minute
    assert.equal(first.usage.output_tokens, 1000);
    const error = await rejection(ask(client(), talk));
    assert.match(error.message, /500 output tokens per minute/);
    const wait = Number(error.headers.get('retry-after'));
    assert.ok(wait > 55 && wait <= 61, `${wait}`);
  },
};

await runAll(
  async () => [{ ...tests, ...rules, ...faults }, await clientOf('--latency', '0..5')],
  async () => [strict, await clientOf('--latency', '0', '--api-key', 'sk-ant-simulator', '--model', 'narrow', '--input-tpm', '10000', '--output-tpm', '9000')],
  async () => [talkative, await clientOf('--latency', '0', '--model', 'talks', '--output-tpm', '500', '--output-tokens', '1000')],
);
