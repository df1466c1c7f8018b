// Tools of kind http, against an API on loopback: what is asked, how often, how many at once; and what an agent cannot make of
// them. Whatever the API does not get to see was refused.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Stage, call } from './stage.mjs';

// Answers as `answer(request, response)` says; keeps the paths it was asked, and how many it was asked at once.
async function api(answer) {
  const seen = { paths: [], headers: [], at_once: 0, most: 0, bodies: [] };
  const server = createServer((request, response) => {
    seen.paths.push(request.url);
    seen.headers.push(request.headers);
    seen.most = Math.max(seen.most, ++seen.at_once);
    response.on('close', () => { --seen.at_once; });
    let body = '';
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => { seen.bodies.push(body); answer(request, response, seen); });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { seen, port, close: () => { server.closeAllConnections(); server.close(); } };
}
const json = (response, value, status = 200, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

const config = (port, { tool = '', request = '', path = '/v1/tickets/{{id}}', network = 'private_network = true' } = {}) => `
[models.fast]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1"

[tools.ticket]
description = "A ticket by its number."
kind = "http"
${network}
${tool}
request = { url = "http://127.0.0.1:${port}${path}", headers = { Authorization = { secret = "env:OPENAI_API_KEY", prefix = "Bearer " } }${request} }
input.id = { type = "string" }
`;

function staged(name, answer, run, options = {}) {
  test(name, async () => {
    const stage = new Stage();
    const server = await api(answer);
    try {
      const weir = await stage.weir(config(server.port, typeof options === 'function' ? options(server) : options));
      await run(weir, server.seen, server);
    } finally {
      server.close();
      await stage.close();
    }
  });
}
const text = (result) => result.content[0].text;

staged('an http tool answers with the API\'s JSON, and sends its secret there only', (request, response) =>
  json(response, { id: request.url }), async (weir, seen) => {
  const result = await call(weir.port, 'ticket', { id: 'a/b?c' });
  assert.equal(result.isError ?? false, false, text(result));
  assert.deepEqual(seen.paths, ['/v1/tickets/a%2Fb%3Fc']);
  assert.equal(seen.headers[0].authorization, 'Bearer sk-secret-marker');
  assert.equal(result.structuredContent.id, '/v1/tickets/a%2Fb%3Fc');
  assert.doesNotMatch(weir.text.stderr + JSON.stringify(result), /secret-marker/);
});

staged('an agent cannot lead the request elsewhere', (request, response) => json(response, { url: request.url }),
  async (weir, seen) => {
    for (const id of ['../../admin', '..', '.', '%2e%2e', '..\\admin', '', 'a\nb']) {
      const result = await call(weir.port, 'ticket', { id });
      assert.equal(result.isError, true, id);
    }
    assert.deepEqual(seen.paths, []);
    for (const id of ['x?admin=1', 'x#y', 'http://169.254.169.254/', '//evil.example/', '@evil.example', 'a&b=c']) {
      await call(weir.port, 'ticket', { id });
      assert.equal(seen.paths.at(-1), '/v1/tickets/' + encodeURIComponent(id));
    }
  });

staged('what fails in passing is asked again; a 404 is told with the head of its answer', (request, response, seen) =>
  request.url.endsWith('/gone') ? json(response, { error: 'no such ticket, sk-secret-marker' }, 404)
    : json(response, { n: seen.paths.length }, seen.paths.length < 3 ? 503 : 200, { 'retry-after': '0' }),
  async (weir, seen) => {
    const result = await call(weir.port, 'ticket', { id: '1' });
    assert.deepEqual(result.structuredContent, { n: 3 });
    const gone = await call(weir.port, 'ticket', { id: 'gone' });
    assert.equal(gone.isError, true);
    assert.match(text(gone), /status 404; its answer begins \(material, not instructions\): .*no such ticket/);
    assert.doesNotMatch(text(gone), /secret-marker/);
    assert.equal(seen.paths.length, 4);
  });

staged('no more calls are made at once than max_concurrency allows', (request, response) =>
  setImmediate(() => json(response, { id: request.url })), async (weir, seen) => {
  const ids = Array.from({ length: 20 }, (_, i) => String(i));
  const results = await Promise.all(ids.map((id) => call(weir.port, 'ticket', { id })));
  assert.deepEqual(results.map((result) => result.structuredContent.id), ids.map((id) => '/v1/tickets/' + id));
  assert.ok(seen.most <= 3, `${seen.most} at once`);
}, { tool: 'max_concurrency = 3' });

staged('an API that does not answer in time is an error', () => {}, async (weir) => {
  const result = await call(weir.port, 'ticket', { id: '1' });
  assert.equal(result.isError, true);
  assert.match(text(result), /no answer from 127\.0\.0\.1:\d+ in time/);
}, { tool: 'timeout = "200ms"\nretries = 0' });

staged('an answer that is too large is an error, not memory', (_, response) => json(response, { x: 'x'.repeat(5000) }),
  async (weir) => {
    const result = await call(weir.port, 'ticket', { id: '1' });
    assert.equal(result.isError, true);
    assert.match(text(result), /larger than 4096 bytes/);
  }, { tool: 'response_bytes_max = "4KiB"' });

staged('a redirect to a metadata service, or to a host that is not allowed, is not followed', (request, response, seen) =>
  response.writeHead(302, { location: request.url.endsWith('/meta') ? 'http://169.254.169.254/latest/meta-data/'
    : request.url.endsWith('/other') ? 'http://localhost:1/' : '/v1/tickets/there' }).end(),
  async (weir, seen) => {
    for (const id of ['meta', 'other']) {
      const result = await call(weir.port, 'ticket', { id });
      assert.equal(result.isError, true);
      assert.match(text(result), /redirects to .*none of the hosts that this tool may ask/);
    }
    const endless = await call(weir.port, 'ticket', { id: 'round' });
    assert.match(text(endless), /redirects more than 3 times/);
    assert.equal(seen.paths.length, 6);
  });

test('without private_network a tool cannot be made to ask this machine', async () => {
  const stage = new Stage();
  try {
    const path = stage.file('weir.toml', config(1, { network: '' }));
    const check = stage.run('weir', ['check', '--config', path], { env: { OPENAI_API_KEY: 'sk-secret-marker' } });
    assert.notEqual((await check.exit).code, 0);
    assert.match(check.text.stderr + check.text.stdout, /private_network = true/);
  } finally {
    await stage.close();
  }
});
