// The official Google client against the real simulator: node gemini_client.mjs PATH-TO-WEIR-SIMULATOR
import assert from 'node:assert/strict';
import { GoogleGenAI } from '@google/genai';
import { assertRiver, rejection, riverSchema, runAll, start, statsOf } from './stage.mjs';

async function clientOf(...args) {
  const baseUrl = await start(...args);
  const make = (options = {}) => new GoogleGenAI({ apiKey: 'AIza-simulator', httpOptions: { baseUrl, apiVersion: 'v1beta', timeout: 20_000, ...options.http }, ...options });
  make.origin = baseUrl;
  return make;
}

const hi = 'Summarise in 1 sentence:\n\nThe weir holds. The river runs.';
const ask = (client, model, config) => client.models.generateContent({ model, contents: hi, config });
const inner = (error) => JSON.parse(error.message).error;

const tests = {
  async 'a plain call has an answer and usage'(client) {
    const done = await ask(client(), 'gemini-2.5-flash', { systemInstruction: 'Be brief.', maxOutputTokens: 4000, thinkingConfig: { thinkingBudget: 0 } });
    assert.equal(done.text, 'The weir holds.');
    const { promptTokenCount, candidatesTokenCount, totalTokenCount, thoughtsTokenCount } = done.usageMetadata;
    assert.equal(totalTokenCount, promptTokenCount + candidatesTokenCount);
    assert.equal(thoughtsTokenCount, undefined);
    assert.equal(done.candidates[0].finishReason, 'STOP');
  },

  async 'both versions of the API answer'(client) {
    assert.equal((await ask(client({ http: { apiVersion: 'v1' } }), 'any', {})).text, 'The weir holds.');
    assert.equal((await ask(client(), 'any', {})).text, 'The weir holds.');
  },

  async 'a stream gives the same text, and its usage adds up to the end'(client) {
    let text = '', usage, last = 0;
    for await (const chunk of await client().models.generateContentStream({ model: 'gemini-3.8-flash', contents: hi })) {
      text += chunk.text ?? '';
      usage = chunk.usageMetadata;
      assert.ok((usage.candidatesTokenCount ?? 0) >= last);
      last = usage.candidatesTokenCount ?? 0;
    }
    assert.equal(text, 'The weir holds.');
    assert.equal(usage.totalTokenCount, usage.promptTokenCount + usage.candidatesTokenCount + usage.thoughtsTokenCount);
  },

  async 'without alt=sse a stream is one JSON array'(client) {
    const response = await fetch(`${client.origin}/v1beta/models/m:streamGenerateContent`, { method: 'POST', body: JSON.stringify({ contents: [{ parts: [{ text: hi }] }] }) });
    const chunks = await response.json();
    assert.equal(chunks.map((chunk) => chunk.candidates[0].content.parts[0].text).join(''), 'The weir holds.');
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
  },

  async 'thinking keeps to its budget or follows its level, and is shown when asked for'(client) {
    const budget = await ask(client(), 'gemini-2.5-pro', { thinkingConfig: { thinkingBudget: 2000, includeThoughts: true } });
    const thought = budget.usageMetadata.thoughtsTokenCount;
    assert.ok(thought >= 1000 && thought <= 2000, `${thought}`);
    assert.equal(budget.candidates[0].content.parts[0].thought, true);
    assert.equal(budget.text, 'The weir holds.');
    const low = await ask(client(), 'gemini-3.8-flash', { thinkingConfig: { thinkingLevel: 'LOW' } });
    const high = await ask(client(), 'gemini-3.8-flash', { thinkingConfig: { thinkingLevel: 'HIGH' } });
    assert.ok(low.usageMetadata.thoughtsTokenCount < high.usageMetadata.thoughtsTokenCount);
    const small = await ask(client(), 'gemini-2.5-pro', { maxOutputTokens: 50 });
    assert.equal(small.candidates[0].finishReason, 'MAX_TOKENS');
    assert.equal(small.text, undefined);
  },

  async 'a structured answer fits its schema, by JSON Schema and by the older kind'(client) {
    const config = { responseMimeType: 'application/json', responseJsonSchema: riverSchema };
    assertRiver(JSON.parse((await ask(client(), 'gemini-3.8-flash', config)).text));
    const responseSchema = { type: 'OBJECT', properties: { count: { type: 'INTEGER', minimum: 3, maximum: 5 }, name: { type: 'STRING', nullable: true } }, required: ['count', 'name'] };
    const old = JSON.parse((await ask(client(), 'gemini-3.8-flash', { responseMimeType: 'application/json', responseSchema })).text);
    assert.ok(old.count >= 3 && old.count <= 5);
    assert.ok(old.name === null || typeof old.name === 'string');
  },

  async 'candidates for each token are told by a model that tells them'(client) {
    const contents = [{ role: 'user', parts: [{ text: '<text>\nmy password is refused\n</text>' }] }];
    const systemInstruction = 'Which is right?\nA) billing: charges\nB) login: passwords';
    const judge = (model, more) => client().models.generateContent({ model, contents, config: { systemInstruction, ...more } });
    const done = await judge('gemini-2.0-flash', { responseLogprobs: true, logprobs: 4, maxOutputTokens: 5 });
    assert.equal(done.text, 'B');
    const { topCandidates, chosenCandidates } = done.candidates[0].logprobsResult;
    assert.equal(chosenCandidates[0].token, 'B');
    assert.deepEqual([topCandidates.length, topCandidates[0].candidates.length], [1, 4]);
    assert.equal(topCandidates[0].candidates[0].token, 'B');
    assert.ok(done.candidates[0].avgLogprobs < 0);
    assert.equal((await judge('gemini-2.0-flash', {})).candidates[0].logprobsResult, undefined);
    for (const [model, more, why] of [
      ['gemini-2.5-flash', { responseLogprobs: true, logprobs: 4 }, /Logprobs is not enabled for models\/gemini-2.5-flash/],
      ['gemini-2.0-flash', { responseLogprobs: true, logprobs: 21 }, /range \[0, 20\]/],
      ['gemini-2.0-flash', { logprobs: 4 }, /response_logprobs is false/],
    ]) {
      const error = await rejection(judge(model, more));
      assert.equal(error.status, 400);
      assert.match(inner(error).message, why);
    }
  },

  async 'examples go before the question, and only the question is answered'(client) {
    const turn = (role, text) => ({ role, parts: [{ text }] });
    const contents = [turn('user', 'A first.'), turn('model', 'It was so.'), turn('user', hi)];
    assert.equal((await client().models.generateContent({ model: 'gemini-3.8-flash', contents })).text, 'The weir holds.');
  },

  async 'tokens are counted, models are listed'(client) {
    const { totalTokens } = await client().models.countTokens({ model: 'gemini-3.8-flash', contents: hi });
    assert.equal(totalTokens, (await ask(client(), 'gemini-3.8-flash', {})).usageMetadata.promptTokenCount);
    const names = [];
    for await (const model of await client().models.list()) names.push(model.name);
    assert.ok(names.includes('models/gemini-3.8-flash'));
  },

  async 'embeddings come in a batch, of the size that is asked for'(client) {
    const embed = (config) => client().models.embedContent({ model: 'gemini-embedding-001', contents: ['a weir', 'a river'], config });
    const { embeddings } = await embed({ taskType: 'RETRIEVAL_QUERY' });
    assert.deepEqual(embeddings.map((one) => one.values.length), [3072, 3072]);
    assert.equal((await embed({ outputDimensionality: 768 })).embeddings[0].values.length, 768);
    assert.equal((await rejection(embed({ outputDimensionality: 5000 }))).status, 400);
  },

  async 'a prompt seen before is cached, inside the prompt tokens'(client) {
    const long = { model: 'gemini-2.5-flash', contents: 'rule '.repeat(5000) };
    const first = (await client().models.generateContent(long)).usageMetadata;
    const second = (await client().models.generateContent(long)).usageMetadata;
    assert.equal(first.cachedContentTokenCount, undefined);
    assert.ok(second.cachedContentTokenCount > 6000);
    assert.equal(second.promptTokenCount, first.promptTokenCount);
  },
};

// What each request is refused for: [configuration, what the message says]
const refused = {
  'gemini-2.5-pro': [
    [{ thinkingConfig: { thinkingBudget: 0 } }, /only works in thinking mode/],
    [{ thinkingConfig: { thinkingBudget: 127 } }, /between 128 and 32768/],
    [{ thinkingConfig: { thinkingBudget: 32_769 } }, /between 128 and 32768/],
    [{ thinkingConfig: { thinkingLevel: 'LOW' } }, /level is not supported/],
    [{ thinkingConfig: { thinkingBudget: 500, thinkingLevel: 'LOW' } }, /only one of thinking budget/],
    [{ maxOutputTokens: 0 }, /must be positive/],
    [{ maxOutputTokens: 65_537 }, /65537 \(exclusive\)/],
    [{ temperature: 2.5 }, /temperature must be in the range/],
    [{ responseMimeType: 'application/json', responseJsonSchema: { type: 'object', properties: { a: { const: 1 } } } }, /const/],
    [{ responseJsonSchema: riverSchema }, /response_mime_type must be application\/json/],
  ],
  'gemini-3.8-flash': [
    [{ thinkingConfig: { thinkingLevel: 'MINIMAL' } }, /not supported for this model/],
    [{ thinkingConfig: { thinkingBudget: 500 } }, /budget is not supported/],
  ],
};

const rules = {
  async 'what the real API refuses is refused with 400 INVALID_ARGUMENT'(client) {
    for (const [model, all] of Object.entries(refused)) {
      for (const [config, expected] of all) {
        const error = await rejection(ask(client(), model, config));
        assert.equal(error.status, 400, JSON.stringify(config));
        assert.equal(inner(error).status, 'INVALID_ARGUMENT');
        assert.match(inner(error).message, expected);
      }
    }
    assert.equal((await ask(client(), 'gemini-3.6-flash', { thinkingConfig: { thinkingLevel: 'MINIMAL' } })).text, 'The weir holds.');
    assert.equal((await ask(client(), 'gemini-4-neon', { thinkingConfig: { thinkingLevel: 'xhigh' } })).text, 'The weir holds.');
  },

  async 'an unknown field is named with its place; snake_case is taken'(client) {
    const send = async (body) => (await fetch(`${client.origin}/v1beta/models/m:generateContent`, { method: 'POST', body: JSON.stringify(body) })).json();
    const contents = [{ parts: [{ text: 'hi' }] }];
    const { error } = await send({ contents, generation_config: { max_tokens: 5 } });
    assert.match(error.message, /Unknown name "max_tokens" at 'generation_config': Cannot find field\./);
    assert.equal(error.details[0].fieldViolations.length, 1);
    const done = await send({ contents, generation_config: { max_output_tokens: 1 } });
    assert.equal(done.candidates[0].finishReason, 'STOP');
  },
};

const faults = {
  async 'a blocked prompt has no candidates, a declined answer no content'(client) {
    const blocked = await ask(client(), 'fault-filtered', {});
    assert.equal(blocked.promptFeedback.blockReason, 'PROHIBITED_CONTENT');
    assert.equal(blocked.candidates, undefined);
    assert.equal((await ask(client(), 'fault-refusal', {})).candidates[0].finishReason, 'SAFETY');
  },

  async 'each error has its status and its name'(client) {
    const of = async (fault) => inner(await rejection(ask(client(), `fault-${fault}`, {})));
    assert.deepEqual([(await of('500')).code, (await of('500')).status], [500, 'INTERNAL']);
    assert.deepEqual([(await of('503')).code, (await of('503')).status], [503, 'UNAVAILABLE']);
    assert.equal((await of('quota')).details, undefined);
    const once = await of('429-once');
    assert.equal(once.details.find((one) => one['@type'].endsWith('RetryInfo')).retryDelay, '0.024000000s');
  },

  async 'bad-json-once does not fit, and fits when it is asked for with another prompt'(client) {
    const config = { responseMimeType: 'application/json', responseJsonSchema: riverSchema };
    const first = JSON.parse((await ask(client(), 'fault-bad-json-once', config)).text);
    assert.equal(first.title, undefined);
    assert.equal(JSON.parse((await ask(client(), 'fault-bad-json-once', config)).text).title, undefined);
    const contents = [{ role: 'user', parts: [{ text: hi }] }, { role: 'model', parts: [{ text: JSON.stringify(first) }] }, { role: 'user', parts: [{ text: 'Repair it.' }] }];
    assertRiver(JSON.parse((await client().models.generateContent({ model: 'fault-bad-json-once', contents, config })).text));
  },

  async 'an error in mid-stream is thrown, odd pieces and comments are not'(client) {
    const stream = async (fault) => {
      let text = '';
      for await (const chunk of await client().models.generateContentStream({ model: `fault-${fault}`, contents: hi })) text += chunk.text ?? '';
      return text;
    };
    assert.equal((await rejection(stream('stream-error'))).status, 503);
    for (const fault of ['split', 'crlf']) assert.equal(await stream(fault), 'The weir holds.');
  },
};

const strict = {
  async 'a wrong key is 400 API_KEY_INVALID, none is 403'(client) {
    const error = inner(await rejection(ask(client({ apiKey: 'wrong' }), 'small', {})));
    assert.equal(error.code, 400);
    assert.equal(error.details[0].reason, 'API_KEY_INVALID');
    const none = await fetch(`${client.origin}/v1beta/models?pageSize=1`);
    assert.equal(none.status, 403);
    assert.equal((await none.json()).error.status, 'PERMISSION_DENIED');
    assert.equal((await fetch(`${client.origin}/v1beta/models?key=AIza-simulator`)).status, 200);
  },

  async 'an unknown model is 404'(client) {
    assert.equal(inner(await rejection(ask(client(), 'other', {}))).status, 'NOT_FOUND');
  },

  async 'input alone is limited, and the body says by what and for how long'(client) {
    const long = (words) => client().models.generateContent({ model: 'small', contents: 'word '.repeat(words), config: { maxOutputTokens: 60_000 } });
    await long(700); // 876 of 1,000 input tokens a minute
    const error = inner(await rejection(long(700)));
    assert.deepEqual([error.code, error.status], [429, 'RESOURCE_EXHAUSTED']);
    const [{ violations }] = error.details;
    assert.equal(violations[0].quotaId, 'GenerateContentPaidTierInputTokensPerModelPerMinute');
    assert.equal(violations[0].quotaValue, '1000');
    const delay = Number.parseFloat(error.details.find((one) => one['@type'].endsWith('RetryInfo')).retryDelay);
    assert.ok(delay > 30 && delay < 50, `${delay}`);
  },

  async 'a day has its requests, and says that waiting a minute is no use'(client) {
    const { admitted } = await statsOf(client.origin, 'small');
    for (let i = admitted + 1; i < 4; ++i) await ask(client(), 'small', {}); // with the refused one, four of four
    const error = inner(await rejection(ask(client(), 'small', {})));
    assert.equal(error.details[0].violations[0].quotaId, 'GenerateRequestsPerDayPerProjectPerModel');
    assert.equal(error.details[0].violations[0].quotaValue, '4');
  },
};

await runAll(
  async () => [{ ...tests, ...rules, ...faults }, await clientOf('--latency', '0..5')],
  async () => [strict, await clientOf('--latency', '0', '--api-key', 'AIza-simulator', '--model', 'small', '--input-tpm', '1000', '--rpd', '4')],
);
