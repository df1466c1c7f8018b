// The official OpenAI client against the real simulator: node openai_client.mjs PATH-TO-WEIR-SIMULATOR
import assert from 'node:assert/strict';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import OpenAI from 'openai';
import { assertRiver, rejection, riverSchema, runAll, start } from './stage.mjs';

async function clientOf(...args) {
  const origin = await start(...args);
  return (options = {}) =>
    new OpenAI({ apiKey: 'sk-simulator-key', baseURL: `${origin}/v1`, maxRetries: 0, timeout: 20_000, ...options });
}

const hi = [{ role: 'user', content: 'Summarise in 1 sentence:\n\nThe weir holds. The river runs.' }];

const tests = {
  async 'a plain call has an answer, usage and a request id'(client) {
    const { data, response } = await client().chat.completions.create({ model: 'gpt-4.1-nano', messages: hi, max_tokens: 64 }).withResponse();
    assert.equal(data.choices[0].message.content, 'The weir holds.');
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.equal(data.usage.completion_tokens_details.reasoning_tokens, 0);
    assert.match(data._request_id, /^req_[0-9a-f]{16}$/);
    assert.equal(response.headers.get('x-ratelimit-limit-requests'), '500');
    assert.equal(response.headers.get('x-ratelimit-remaining-tokens'), String(200_000 - 64));
  },

  async 'a reasoning model thinks, and refuses max_tokens'(client) {
    const done = await client().chat.completions.create({ model: 'gpt-5-mini', messages: hi, max_completion_tokens: 2000 });
    assert.ok(done.usage.completion_tokens_details.reasoning_tokens > 0);
    await assert.rejects(client().chat.completions.create({ model: 'gpt-5-mini', messages: hi, max_tokens: 5 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.code, 'unsupported_parameter');
      assert.equal(error.param, 'max_tokens');
      return true;
    });
  },

  async 'a stream gives the same text, and its usage last'(client) {
    const stream = await client().chat.completions.create({
      model: 'gpt-4.1-nano', messages: hi, stream: true, stream_options: { include_usage: true },
    });
    let text = '', usage, finish;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, 'The weir holds.');
    assert.equal(finish, 'stop');
    assert.ok(usage.completion_tokens > 0);
  },

  async 'an error in mid-stream is thrown by the client'(client) {
    const stream = await client().chat.completions.create({ model: 'fault-stream-error', messages: hi, stream: true });
    await assert.rejects(async () => { for await (const chunk of stream) void chunk; }, OpenAI.APIError);
  },

  async 'insufficient_quota has its code'(client) {
    await assert.rejects(client().chat.completions.create({ model: 'fault-quota', messages: hi }), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.equal(error.code, 'insufficient_quota');
      assert.equal(error.type, 'insufficient_quota');
      return true;
    });
  },

  async 'models are listed, and one can be had'(client) {
    const names = [];
    for await (const model of client().models.list()) names.push(model.id);
    assert.ok(names.includes('gpt-4.1-nano'));
    assert.equal((await client().models.retrieve('gpt-4.1-nano')).object, 'model');
  },
};

const strict = {
  async 'a wrong key is 401, shown masked'(client) {
    await assert.rejects(client({ apiKey: 'sk-wrong-wrong-1234' }).models.list(), (error) => {
      assert.ok(error instanceof OpenAI.AuthenticationError);
      assert.equal(error.code, 'invalid_api_key');
      assert.match(error.message, /Incorrect API key provided: sk-\*+1234\./);
      return true;
    });
  },

  async 'an unknown model is 404'(client) {
    await assert.rejects(client().chat.completions.create({ model: 'other', messages: hi }), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.code, 'model_not_found');
      return true;
    });
  },

  async 'a rate limit is a 429 with its wait, and the client that honours it succeeds'(client) {
    const ask = (options, cap) => client(options).chat.completions.create({ model: 'small', messages: hi, max_tokens: cap });
    await ask({}, 400); // uses 20 of 6,000 tokens a minute; of 120 requests a minute the first
    const burst = await Promise.allSettled(Array.from({ length: 160 }, () => ask({}, 40)));
    const refused = burst.filter((one) => one.status === 'rejected').map((one) => one.reason);
    assert.ok(refused.length > 0);
    for (const error of refused) {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.equal(error.code, 'rate_limit_exceeded');
      assert.match(error.message, /Rate limit reached for small in organization org-simulator on (tokens|requests) per min/);
      assert.match(error.message, /Please try again in [\d.]+m?s\./);
      assert.ok(Number(error.headers.get('retry-after-ms')) > 0);
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
    }
    const done = await ask({ maxRetries: 2 }, 40);
    assert.equal(done.choices[0].message.content, 'The weir holds.');
  },

  async 'a request above the limit itself is told so'(client) {
    await assert.rejects(client().chat.completions.create({ model: 'small', messages: hi, max_tokens: 6_001 }),
      /Request too large for small .* Limit 6000, Requested 6001/);
  },
};

const river = { type: 'json_schema', json_schema: { name: 'river', strict: true, schema: riverSchema } };
const riverText = { format: { type: 'json_schema', name: 'river', strict: true, schema: riverSchema } };

const object = (properties, more) => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false, ...more });
const sorts = {
  formats: object(Object.fromEntries(['date-time', 'date', 'time', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'].map((format) => [format, { type: 'string', format }]))),
  bounds: object({
    a: { type: 'integer', minimum: -3, maximum: -2 }, b: { type: 'number', exclusiveMinimum: 0, maximum: 0.01 }, c: { type: 'integer', multipleOf: 7, minimum: 15 },
    d: { type: 'string', minLength: 50, maxLength: 60 }, e: { type: 'string', maxLength: 1 }, f: { type: 'number', maximum: 1e12, minimum: 1e12 },
  }),
  arrays: object({
    a: { type: 'array', items: { type: 'integer' }, minItems: 5, maxItems: 6 }, b: { type: 'array', items: { type: 'string' }, maxItems: 0 },
    c: { type: 'array', items: { enum: [1, 2, 3] }, uniqueItems: true, minItems: 2 }, d: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }], items: false },
  }),
  choices: object({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] }, b: { enum: ['x', 1, null] }, c: { const: { d: [1] } }, e: { type: ['integer', 'null'] }, f: { oneOf: [{ type: 'string' }, { type: 'integer' }] } }),
  patterns: object({ a: { type: 'string', pattern: '^[A-Z]{2}\\d{3,5}(-[a-f]+)?$' }, b: { type: 'string', pattern: '^(yes|no)$' }, c: { type: 'string', pattern: '^\\S+@\\S+\\.\\w{2,}$' } }),
  recursion: object({ tree: { $ref: '#/$defs/node' } }, { $defs: { node: object({ name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } }) } }),
  together: { allOf: [object({ a: { type: 'string' } }, { additionalProperties: undefined }), { $ref: '#/$defs/b' }], $defs: { b: { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] } } },
};

const structured = {
  async 'a structured answer fits its schema, plain and streamed'(client) {
    const ask = { model: 'gpt-4.1-nano', messages: hi, response_format: river };
    assertRiver(JSON.parse((await client().chat.completions.create(ask)).choices[0].message.content));
    const final = await client().chat.completions.stream(ask).finalChatCompletion();
    assertRiver(final.choices[0].message.parsed ?? JSON.parse(final.choices[0].message.content));
  },

  async 'answers fit all sorts of schemas, as a real validator judges'(client) {
    const ajv = addFormats(new Ajv({ strict: false }));
    for (const [name, schema] of Object.entries(sorts)) {
      const fits = ajv.compile(schema);
      for (let seed = 0; seed < 20; ++seed) {
        const done = await client().chat.completions.create({
          model: 'm', seed, messages: hi, response_format: { type: 'json_schema', json_schema: { name: 'out', schema } },
        });
        const text = done.choices[0].message.content;
        assert.ok(fits(JSON.parse(text)), `${name}: ${text}: ${ajv.errorsText(fits.errors)}`);
      }
    }
  },

  async 'a schema outside the strict subset is refused by its place'(client) {
    const schema = { ...riverSchema, required: ['title'] };
    const error = await rejection(client().chat.completions.create({
      model: 'gpt-4.1-nano', messages: hi, response_format: { type: 'json_schema', json_schema: { name: 'river', strict: true, schema } },
    }));
    assert.equal(error.status, 400);
    assert.equal(error.param, 'response_format');
    assert.match(error.message, /Missing 'kind'/);
  },

  async 'bad-json does not fit, and once it is asked to repair it, it does'(client) {
    const ask = (messages) => client().chat.completions.create({ model: 'm-fault-bad-json-once', messages, response_format: river });
    const first = JSON.parse((await ask(hi)).choices[0].message.content);
    assert.equal(first.title, undefined);
    const repair = [...hi, { role: 'assistant', content: JSON.stringify(first) }, { role: 'user', content: 'title is missing' }];
    assertRiver(JSON.parse((await ask(repair)).choices[0].message.content));
  },
};

const responses = {
  async 'Responses answers with output_text and usage'(client) {
    const { data, response } = await client().responses.create({ model: 'gpt-4.1-nano', input: hi[0].content }).withResponse();
    assert.equal(data.output_text, 'The weir holds.');
    assert.equal(data.status, 'completed');
    assert.equal(data.usage.total_tokens, data.usage.input_tokens + data.usage.output_tokens);
    assert.equal(response.headers.get('x-ratelimit-limit-tokens'), '200000');
  },

  async 'a Responses stream has its events in order, and its usage at the end'(client) {
    const types = [];
    const stream = client().responses.stream({ model: 'gpt-5-mini', input: hi[0].content, reasoning: { effort: 'low', summary: 'auto' } });
    for await (const event of stream) if (types.at(-1) !== event.type) types.push(event.type);
    const text = ['added', 'delta', 'done'];
    assert.deepEqual(types, [
      'response.created', 'response.in_progress', 'response.output_item.added', 'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta', 'response.reasoning_summary_text.done', 'response.reasoning_summary_part.done',
      'response.output_item.done', 'response.output_item.added', `response.content_part.${text[0]}`, `response.output_text.${text[1]}`,
      `response.output_text.${text[2]}`, 'response.content_part.done', 'response.output_item.done', 'response.completed',
    ]);
    const final = await stream.finalResponse();
    assert.equal(final.output_text, 'The weir holds.');
    assert.ok(final.usage.output_tokens_details.reasoning_tokens >= 32);
  },

  async 'a cap that thinking uses up leaves an incomplete response without text'(client) {
    const done = await client().responses.create({ model: 'gpt-6-luna', input: 'hi', max_output_tokens: 16, reasoning: { effort: 'high' } });
    assert.equal(done.status, 'incomplete');
    assert.equal(done.incomplete_details.reason, 'max_output_tokens');
    assert.equal(done.output_text, '');
    assert.equal(done.usage.output_tokens_details.reasoning_tokens, 16);
  },

  async 'a structured response fits its schema'(client) {
    const done = await client().responses.create({ model: 'gpt-6-luna', input: hi[0].content, text: riverText });
    assertRiver(JSON.parse(done.output_text));
  },

  async 'Responses refuses what Chat takes, and the other way round'(client) {
    const stop = await rejection(client().responses.create({ model: 'gpt-4.1', input: 'hi', stop: ['x'] }));
    assert.deepEqual([stop.status, stop.code, stop.param], [400, 'unknown_parameter', 'stop']);
    const effort = await rejection(client().responses.create({ model: 'gpt-4.1', input: 'hi', reasoning: { effort: 'low' } }));
    assert.deepEqual([effort.code, effort.param], ['unsupported_parameter', 'reasoning.effort']);
    const pro = await rejection(client().chat.completions.create({ model: 'gpt-5-pro', messages: hi }));
    assert.equal(pro.status, 404);
  },

  async 'an effort is refused where the model does not know it'(client) {
    const ask = (model, effort) => client().chat.completions.create({ model, messages: hi, reasoning_effort: effort });
    for (const [model, effort] of [['gpt-5', 'none'], ['gpt-5.1', 'minimal'], ['gpt-5.1', 'xhigh'], ['gpt-6-astra', 'none'], ['o3', 'max']]) {
      const error = await rejection(ask(model, effort));
      assert.deepEqual([error.status, error.code, error.param], [400, 'unsupported_value', 'reasoning_effort']);
    }
    for (const [model, effort] of [['gpt-5', 'minimal'], ['gpt-5.1', 'none'], ['gpt-5.2', 'xhigh'], ['gpt-6-astra', 'max'], ['o3', 'high']]) {
      assert.equal((await ask(model, effort)).choices.length, 1);
    }
  },

  async 'a refusal, a filter and a failure have forms of their own'(client) {
    const refusal = await client().responses.create({ model: 'fault-refusal', input: 'hi' });
    assert.equal(refusal.output.at(-1).content[0].type, 'refusal');
    const filtered = await client().responses.create({ model: 'fault-filtered', input: 'hi' });
    assert.equal(filtered.incomplete_details.reason, 'content_filter');
    const events = [];
    for await (const event of await client().responses.create({ model: 'fault-failed', input: 'hi', stream: true })) events.push(event);
    assert.equal(events.at(-1).type, 'response.failed');
    assert.equal(events.at(-1).response.error.code, 'server_error');
  },
};

const judged = [
  { role: 'system', content: 'Which is right? Answer with its letter.\n\nA) billing: charges and refunds\nB) login: passwords' },
  { role: 'user', content: '<text>\nI cannot log in: my password is refused.\n</text>' },
];

const logprobs = {
  async 'the first token is told with its candidates, likeliest first'(client) {
    const done = await client().chat.completions.create({ model: 'gpt-4.1-nano', messages: judged, max_tokens: 1, logprobs: true, top_logprobs: 5 });
    assert.equal(done.choices[0].message.content, 'B');
    const [step, ...rest] = done.choices[0].logprobs.content;
    assert.equal(rest.length, 0);
    assert.equal(step.token, 'B');
    assert.deepEqual(step.bytes, [66]);
    assert.equal(step.top_logprobs.length, 5);
    assert.equal(step.top_logprobs[0].token, 'B');
    const shares = step.top_logprobs.map((one) => Math.exp(one.logprob));
    assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
    assert.ok(shares.reduce((a, b) => a + b) < 1);
    const without = await client().chat.completions.create({ model: 'gpt-4.1-nano', messages: judged, logprobs: true });
    assert.deepEqual(without.choices[0].logprobs.content[0].top_logprobs, []);
    assert.equal((await client().chat.completions.create({ model: 'gpt-4.1-nano', messages: judged })).choices[0].logprobs, null);
  },

  async 'a stream tells them too'(client) {
    const stream = await client().chat.completions.create({ model: 'gpt-4.1-nano', messages: hi, stream: true, logprobs: true, top_logprobs: 2 });
    let text = '';
    for await (const chunk of stream) for (const step of chunk.choices[0]?.logprobs?.content ?? []) text += step.token;
    assert.equal(text, 'The weir holds.');
  },

  async 'Responses tells them where they are included'(client) {
    const ask = (more) => client().responses.create({ model: 'gpt-4.1-nano', input: judged, ...more });
    const done = await ask({ include: ['message.output_text.logprobs'], top_logprobs: 3 });
    assert.equal(done.output_text, 'B');
    assert.equal(done.output[0].content[0].logprobs[0].top_logprobs.length, 3);
    assert.equal(done.top_logprobs, 3);
    assert.deepEqual((await ask({})).output[0].content[0].logprobs, []);
    assert.equal((await rejection(ask({ include: ['all'] }))).param, 'include[0]');
    assert.equal((await rejection(ask({ top_logprobs: 21 }))).code, 'integer_above_max_value');
    const reasoning = await rejection(client().responses.create({ model: 'gpt-5-mini', input: 'hi', include: ['message.output_text.logprobs'] }));
    assert.deepEqual([reasoning.status, reasoning.param], [400, 'include']);
  },

  async 'examples go before the question, and only the question is answered'(client) {
    const shots = [
      { role: 'user', content: '<text>\nA first. It was so.\n</text>' }, { role: 'assistant', content: 'A first.' },
      { role: 'user', content: 'In 1 sentence:\n<text>\nThe weir holds. The river runs.\n</text>' },
    ];
    const chat = await client().chat.completions.create({ model: 'gpt-4.1-nano', messages: shots });
    assert.equal(chat.choices[0].message.content, 'The weir holds.');
    assert.equal((await client().responses.create({ model: 'gpt-4.1-nano', input: shots })).output_text, 'The weir holds.');
  },
};

const embeddings = {
  async 'embeddings are the same in base64, which the client asks for, and in numbers'(client) {
    const ask = (more) => client().embeddings.create({ model: 'text-embedding-3-small', input: ['the weir', 'holds'], ...more });
    const numbers = await ask({ encoding_format: 'float' });
    const packed = await ask({});
    assert.equal(numbers.data.length, 2);
    assert.equal(numbers.data[0].embedding.length, 1536);
    packed.data[1].embedding.forEach((x, i) => assert.ok(Math.abs(x - numbers.data[1].embedding[i]) < 1e-6));
    assert.equal(numbers.usage.prompt_tokens, 4);
    assert.equal((await ask({ dimensions: 256 })).data[0].embedding.length, 256);
  },

  async 'texts with words in common are nearer to each other'(client) {
    const { data } = await client().embeddings.create({ model: 'text-embedding-3-large', input: ['the weir holds', 'a weir holds water', 'prices rise'] });
    const dot = (a, b) => data[a].embedding.reduce((sum, x, i) => sum + x * data[b].embedding[i], 0);
    assert.ok(dot(0, 1) > dot(0, 2) + 0.2);
  },

  async 'dimensions are refused by the model that has but one size'(client) {
    const error = await rejection(client().embeddings.create({ model: 'text-embedding-ada-002', input: 'a', dimensions: 10 }));
    assert.deepEqual([error.status, error.param], [400, 'dimensions']);
  },
};

const odd = {
  async 'streams survive CRLF, a flood of comments, and pieces that end anywhere'(client) {
    for (const fault of ['crlf', 'flood', 'split', 'drip']) {
      const stream = client().chat.completions.stream({ model: `fault-${fault}`, messages: [{ role: 'user', content: 'Der Fluß trägt über. Größe zählt.' }] });
      const done = await stream.finalChatCompletion();
      assert.equal(done.choices[0].message.content, 'Der Fluß trägt über. Größe zählt.');
    }
  },

  async 'a reset, a cut and a truncated body are errors of the connection or of the JSON'(client) {
    for (const fault of ['reset', 'cut', 'truncated', 'garbage']) {
      await rejection(client().chat.completions.create({ model: `fault-${fault}`, messages: hi }));
    }
  },

  async 'OpenRouter is spoken to with the same client: comments, a cost, a provider'(client) {
    const router = client({ baseURL: client().baseURL.replace('/v1', '/api/v1') });
    const model = 'openai/gpt-5-mini';
    const done = await router.chat.completions.create({ model, messages: hi, max_tokens: 4000, temperature: 0.2, reasoning: { effort: 'low' }, provider: { sort: 'price' } });
    assert.equal(done.choices[0].message.content, 'The weir holds.');
    assert.equal(done.choices[0].native_finish_reason, 'stop');
    assert.ok(done.usage.cost > 0);
    assert.ok(done.choices[0].message.reasoning.length > 0);
    const stream = await router.chat.completions.create({ model, messages: hi, stream: true });
    let text = '', cost;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? '';
      cost = chunk.usage?.cost ?? cost;
    }
    assert.equal(text, 'The weir holds.');
    assert.ok(cost > 0);
    const broke = await rejection(router.chat.completions.create({ model: 'fault-quota', messages: hi }));
    assert.equal(broke.status, 402);
  },
};

await runAll(
  async () => [{ ...tests, ...structured, ...responses, ...logprobs, ...embeddings, ...odd }, await clientOf('--latency', '0..5')],
  async () => [strict, await clientOf('--latency', '20', '--api-key', 'sk-simulator-key', '--model', 'small', '--rpm', '120', '--tpm', '6000')],
);
