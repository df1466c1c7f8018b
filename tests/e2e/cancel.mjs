// A caller who goes away, or cancels, ends the provider's call: here the provider itself says when it noticed. How long that
// takes is printed, not judged.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Stage, call } from './stage.mjs';

const rounds = 100;

describe('a call that is given up', () => {
  const stage = new Stage();
  let provider, weir, config;
  let began = () => {}, ended = () => {};
  before(async () => {
    // Answers with the beginning of a stream, and then with nothing, until it is left.
    provider = createServer((request, response) => {
      request.resume();
      response.on('close', () => ended(performance.now()));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(800) }, finish_reason: null }] })}\n\n`,
        () => began());
    });
    await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
    config = `
[models.slow]
provider = "compatible"
model = "slow"
base_url = "http://127.0.0.1:${provider.address().port}/v1"
stream = true
rpm = 100_000
rpm_burst = 1_000
tpm = 100_000
tpm_burst = 90_000
[tools.say]
description = "Says."
prompt = "{{text}}"
max_output_tokens = 100
input.text = { type = "string" }
`;
    weir = await stage.weir(config);
  });
  after(async () => {
    await stage.close();
    provider.closeAllConnections();
    provider.close();
  });

  const print = (how, times) => {
    times.sort((a, b) => a - b);
    console.log(`${how}: from giving up to the provider's end, of ${times.length}: median ${times[times.length >> 1].toFixed(2)} ms, `
      + `99 of 100 within ${times[Math.floor(times.length * 0.99)].toFixed(2)} ms`);
  };

  test('over HTTP, by disconnecting: the provider is left, slots are free, and what was seen is charged', async () => {
    const times = [];
    for (let i = 0; i < rounds; ++i) {
      const begun = new Promise((resolve) => { began = resolve; }), end = new Promise((resolve) => { ended = resolve; });
      const leaving = new AbortController();
      const gone = call(weir.port, 'say', { text: `${i}` }, { signal: leaving.signal }).catch((error) => error.name);
      await begun;
      const at = performance.now();
      leaving.abort();
      times.push(await end - at);
      assert.equal(await gone, 'AbortError');
    }
    print('disconnect', times);
    const { structuredContent: limits } = await call(weir.port, 'weir_limits', {});
    assert.equal(limits.models.slow.in_flight, 0);
    assert.equal(limits.models.slow.calls.admitted, rounds);
    // 108 were reserved for each; 800 bytes are 100 tokens at least, so nothing has come back.
    assert.ok(limits.models.slow.calls.used_tokens >= rounds * 100, JSON.stringify(limits.models.slow.calls));
  });

  test('over stdio, by notifications/cancelled: the provider is left', async () => {
    const child = stage.run('weir', ['serve', '--stdio', '--config', stage.file('stdio.toml', config)]);
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
    const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const times = [];
    for (let i = 0; i < rounds; ++i) {
      const begun = new Promise((resolve) => { began = resolve; }), end = new Promise((resolve) => { ended = resolve; });
      send({ id: i, method: 'tools/call', params: { name: 'say', arguments: { text: `${i}` }, _meta: meta } });
      await begun;
      const at = performance.now();
      send({ method: 'notifications/cancelled', params: { requestId: i, _meta: meta } });
      times.push(await end - at);
    }
    print('cancel', times);
    child.stdin.end();
    assert.equal((await child.exit).code, 0);
  });
});
