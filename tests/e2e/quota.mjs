// The claim of the whole: many eager clients, a small quota, and the provider never has to say no.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Stage, call, two_models } from './stage.mjs';

const text = 'A weir is a low dam. It lets a river through at a measured rate. What comes too fast must wait above it.';
// Every call has a text of its own, as the documents of a pipeline have.
const text_of = (client, i) => `${text} This is text ${i} of client ${client}.`;
const clients = 50, calls_each = 4, concurrency_limit = 8;

async function connect(port) {
  const client = new Client({ name: 'quota', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  return client;
}

// What the same calls do to the provider without Weir: the check that the quota is small enough to be a test.
async function direct(simulator, model) {
  const answers = await Promise.all(Array.from({ length: clients * calls_each }, () =>
    fetch(`http://127.0.0.1:${simulator.port}/v1/chat/completions`, { method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_completion_tokens: 60, messages: [{ role: 'user', content: text }] }) })
      .then(async (response) => { await response.text(); return response.status; })));
  return answers.filter((status) => status === 429).length;
}

// Both at once: each has its own simulator and server, and both wait most of the time.
describe('a small quota', { concurrency: true }, () => { for (const shape of ['bucket', 'rolling']) {
  test(`200 calls from 50 clients within a small quota (${shape}): no 429, all answered or refused with a wait that holds`, async () => {
    const stage = new Stage();
    try {
      const quota = ['--rpm', '600', '--tpm', '11400', '--shape', shape, '--latency', '50..250'];
      const simulator = await stage.simulator(...quota);
      const weir = await stage.weir(two_models(simulator, {
        server: `concurrency_limit = ${concurrency_limit}\nqueue_limit = 24\nmax_wait = "4s"`,
        tight: 'rpm = 600\ntpm = 11400\ncharge_model = "total"', wide: '' }));

      let answered = 0, refused = 0, broke_their_word = 0, failed = [];
      // While the tight model is exhausted, the other one answers as if nothing else were there.
      const other = [];
      const crowd = Promise.all(Array.from({ length: clients }, async (_, number) => {
        const client = await connect(weir.port);
        for (let i = 0; i < calls_each; ++i) {
          const question = { name: 'summarise', arguments: { text: text_of(number, i) } };
          let result = await client.callTool(question);
          for (let tries = 0; result.isError && tries < 20; ++tries) {
            const refusal = result._meta['weir/refusal'];
            if (!refusal?.retry_after_ms) break;
            ++refused;
            await new Promise((resolve) => setTimeout(resolve, refusal.retry_after_ms));
            result = await client.callTool(question);
            if (result._meta['weir/refusal']) ++broke_their_word;
          }
          if (result.isError) failed.push(result.content[0].text);
          else ++answered;
        }
        await client.close();
      }));
      const prober = (async () => {
        for (let i = 0; i < 20; ++i) other.push(await call(weir.port, 'summarise_wide', { text }));
      })();
      await Promise.all([crowd, prober]);

      const stats = await stage.stats(simulator);
      console.log(`${shape}: answered ${answered}, refusals ${refused} (${broke_their_word} again after their wait), ` +
        `at the simulator ${JSON.stringify(stats)}`);
      assert.deepEqual(failed, []);
      assert.equal(answered, clients * calls_each);
      assert.equal(stats.tight.refused, 0);
      assert.equal(stats.tight.admitted, clients * calls_each);
      assert.ok(stats.tight.worst_window <= 1, `worst window ${stats.tight.worst_window}`);
      assert.ok(stats.tight.in_flight_max + stats.wide.in_flight_max <= concurrency_limit + 1);
      assert.ok(stats.tight.in_flight_max <= concurrency_limit);
      assert.ok(other.every((result) => !result.isError));
      assert.ok(other.every((result) => result._meta['weir/usage'].attempts === 1));
      // Of 100 waits that a refusal named, 99 hold.
      assert.ok(broke_their_word <= refused / 100, `${broke_their_word} of ${refused}`);

      assert.ok(await direct(simulator, 'direct') > 0, 'without Weir the provider refuses some');
    } finally {
      await stage.close();
    }
  });
} });
