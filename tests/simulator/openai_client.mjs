// The official OpenAI client against the real simulator: node openai_client.mjs PATH-TO-WEIR-SIMULATOR
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';

const program = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'weir-simulator-'));
const running = [];

function portIn(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0; // not there yet
  }
}

async function start(...args) {
  const file = join(folder, `port-${running.length}`);
  const watcher = watch(folder);
  const child = spawn(program, ['--port', '0', '--port-file', file, ...args], { stdio: 'inherit' });
  running.push(child);
  const ended = once(child, 'exit').then(([code]) => assert.fail(`the simulator ended with ${code}`));
  ended.catch(() => {});
  while (!portIn(file)) await Promise.race([once(watcher, 'change'), ended]);
  watcher.close();
  return (options = {}) =>
    new OpenAI({ apiKey: 'sk-simulator-key', baseURL: `http://127.0.0.1:${portIn(file)}/v1`, maxRetries: 0, timeout: 20_000, ...options });
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
    const burst = await Promise.allSettled(Array.from({ length: 125 }, () => ask({}, 40)));
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

let failed = 0;
async function run(all, client) {
  for (const [name, test] of Object.entries(all)) {
    try {
      await test(client);
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
}

console.log(`node ${process.version} (${process.execPath})`);
try {
  await run(tests, await start('--latency', '0..5'));
  await run(strict, await start('--latency', '20', '--api-key', 'sk-simulator-key', '--model', 'small', '--rpm', '120', '--tpm', '6000'));
} finally {
  for (const child of running) {
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) failed += 1;
  }
  rmSync(folder, { recursive: true });
}
process.exit(failed === 0 ? 0 : 1);
