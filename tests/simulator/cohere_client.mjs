// The official Cohere client against the real simulator: node cohere_client.mjs PATH-TO-WEIR-SIMULATOR
import assert from 'node:assert/strict';
import { CohereClientV2 } from 'cohere-ai';
import { rejection, runAll, start } from './stage.mjs';

async function clientOf(...args) {
  const baseUrl = await start(...args);
  const make = (token = 'co-simulator') => new CohereClientV2({ token, baseUrl, maxRetries: 0 });
  make.origin = baseUrl;
  return make;
}

const embed = (client, more) =>
  client.embed({ model: 'embed-v4.0', inputType: 'search_document', texts: ['a weir', 'a river'], embeddingTypes: ['float'], ...more }, { maxRetries: 0 });

const tests = {
  async 'texts become vectors of the size that is asked for'(client) {
    const done = await embed(client(), { outputDimension: 256 });
    assert.deepEqual(done.embeddings.float.map((one) => one.length), [256, 256]);
    assert.ok(done.meta.billedUnits.inputTokens > 0);
    assert.equal((await embed(client())).embeddings.float[0].length, 1536);
  },

  async 'other types have their ranges'(client) {
    const { embeddings } = await embed(client(), { embeddingTypes: ['int8', 'uint8', 'binary', 'ubinary'], outputDimension: 256 });
    assert.ok(embeddings.int8[0].every((x) => x >= -128 && x <= 127));
    assert.ok(embeddings.uint8[0].every((x) => x >= 0 && x <= 255));
    assert.equal(embeddings.binary[0].length, 32);
    assert.ok(embeddings.ubinary[0].every((x) => x >= 0 && x <= 255));
  },

  async 'what the real API refuses is refused'(client) {
    assert.equal((await rejection(embed(client(), { outputDimension: 300 }))).statusCode, 400);
    assert.equal((await rejection(embed(client(), { texts: Array(97).fill('a') }))).statusCode, 400);
    assert.equal((await embed(client(), { texts: Array(96).fill('a') })).embeddings.float.length, 96);
    assert.equal((await rejection(embed(client(), { inputType: 'poem' }))).statusCode, 400);
  },

  async 'errors have their status and a message'(client) {
    const error = await rejection(embed(client(), { model: 'fault-503' }));
    assert.equal(error.statusCode, 503);
    assert.match(error.body.message, /unavailable/);
    assert.equal((await rejection(embed(client(), { model: 'fault-429-once' }))).statusCode, 429);
  },
};

const strict = {
  async 'a key is checked'(client) {
    assert.equal((await rejection(embed(client('wrong'), { model: 'small' }))).statusCode, 401);
    const check = (key) => fetch(`${client.origin}/v1/check-api-key`, { method: 'POST', headers: { authorization: `Bearer ${key}` } });
    assert.equal((await (await check('co-simulator')).json()).valid, true);
    assert.equal((await check('wrong')).status, 401);
  },

  async 'requests alone are limited'(client) {
    await embed(client(), { model: 'small', texts: ['word '.repeat(5000)] });
    assert.equal((await rejection(embed(client(), { model: 'small' }))).statusCode, 429);
  },
};

await runAll(
  async () => [tests, await clientOf('--latency', '0..5')],
  async () => [strict, await clientOf('--latency', '0', '--api-key', 'co-simulator', '--model', 'small', '--rpm', '1', '--tpm', '10')],
);
