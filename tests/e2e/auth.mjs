// Who may call a real server: clients with tokens, an issuer's tokens, web pages; and TLS as curl and Node see it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Stage, post, two_models } from './stage.mjs';

const run = promisify(execFile);
const text = 'One sentence is here. Another follows it.';
const token = 'a-token-of-thirty-two-characters';
const staged = (name, play) => test(name, { timeout: 60_000 }, async () => {
  const stage = new Stage();
  try { await play(stage); } finally { await stage.close(); }
});
const serve = (stage, config, env = {}) =>
  stage.listen('weir', ['serve', '--config', stage.file('weir.toml', config), '--http', '127.0.0.1:0'],
    { env: { OPENAI_API_KEY: 'sk-secret-marker', CI_TOKEN: token, ...env } });
const check = async (stage, config) => {
  const weir = stage.run('weir', ['check', '--config', stage.file('weir.toml', config)],
    { env: { OPENAI_API_KEY: 'sk-secret-marker', CI_TOKEN: token } });
  return { ...(await weir.exit), ...weir.text };
};
const with_token = (value) => ({ headers: { authorization: `Bearer ${value}` } });
// Resolves as soon as the log says so: it is written by a thread of its own.
const logged = (weir, pattern) => new Promise((resolve) => {
  const look = () => pattern.test(weir.text.stderr) && resolve();
  weir.stderr.on('data', look);
  look();
});
const clients = '[clients.ci]\ntoken = "env:CI_TOKEN"\n';

staged('the official client calls with its token in every mode, and is kept out without one', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const weir = await serve(stage, clients + two_models(simulator));
  const url = new URL(`http://127.0.0.1:${weir.port}/mcp`);
  for (const mode of ['legacy', 'auto', { pin: '2026-07-28' }]) {
    const client = new Client({ name: 'auth', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: with_token(token) }));
    const result = await client.callTool({ name: 'summarise', arguments: { text } });
    assert.equal(result.content[0].text, 'One sentence is here.');
    await client.close();
    for (const requestInit of [{}, with_token(`${token}x`)]) {
      const stranger = new Client({ name: 'stranger', version: '1' }, { versionNegotiation: { mode } });
      await assert.rejects(stranger.connect(new StreamableHTTPClientTransport(url, { requestInit })));
    }
  }
  await logged(weir, /refused peer=127\.0\.0\.1:\d+ status=401 reason="the token is unknown here"/);
  assert.ok(!weir.text.stderr.includes(token));
  assert.equal((await fetch(`http://127.0.0.1:${weir.port}/healthz`)).status, 200);
});

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// An authorization server: a key, its JWKS over HTTP, tokens. `asked` counts how often the keys were fetched.
class Issuer {
  async open() {
    this.pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.asked = 0;
    this.server = createServer((request, response) => {
      ++this.asked;
      response.end(JSON.stringify({ keys: [{ ...this.pair.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] }));
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }
  claims(more = {}) {
    return { iss: this.url, aud: 'http://127.0.0.1:1/mcp', sub: 'anna', exp: Math.floor(Date.now() / 1000) + 300, scope: 'tools', ...more };
  }
  token(claims = this.claims(), key = this.pair.privateKey) {
    const head = `${base64url({ alg: 'RS256', kid: 'one' })}.${base64url(claims)}`;
    return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
  }
  toml() {
    return `[auth]\nissuer = "${this.url}"\naudience = "http://127.0.0.1:1/mcp"\njwks = "${this.url}/jwks"\nscopes_supported = ["tools"]\n`;
  }
  close() { this.server.close(); }
}

staged("an issuer's tokens are checked against its keys, fetched once; the challenge leads to the metadata", async (stage) => {
  const issuer = await new Issuer().open();
  try {
    const simulator = await stage.simulator('--latency', '1..2');
    const weir = await serve(stage, issuer.toml() + two_models(simulator));
    const ask = (bearer) => fetch(`http://127.0.0.1:${weir.port}/mcp`, { method: 'POST', body: '{}', headers: {
      'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) } });
    const good = await Promise.all([1, 2, 3].map(() =>
      post(weir.port, 'tools/call', { name: 'summarise', arguments: { text } }, with_token(issuer.token()))));
    for (const answer of good) assert.equal(answer.body.result.content[0].text, 'One sentence is here.');
    assert.equal(issuer.asked, 1);

    const nobody = await ask();
    assert.equal(nobody.status, 401);
    const [, metadata] = /^Bearer resource_metadata="([^"]+)", scope="tools"$/.exec(nobody.headers.get('www-authenticate'));
    assert.equal(metadata, 'http://127.0.0.1:1/.well-known/oauth-protected-resource/mcp');
    for (const path of [new URL(metadata).pathname, '/.well-known/oauth-protected-resource']) {
      const document = await fetch(`http://127.0.0.1:${weir.port}${path}`);
      assert.equal(document.headers.get('access-control-allow-origin'), '*');
      assert.deepEqual(await document.json(), { resource: 'http://127.0.0.1:1/mcp', authorization_servers: [issuer.url],
        bearer_methods_supported: ['header'], scopes_supported: ['tools'] });
    }

    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const confused = `${base64url({ alg: 'HS256', kid: 'one' })}.${base64url(issuer.claims())}`;
    const secret = issuer.pair.publicKey.export({ type: 'spki', format: 'pem' });
    const past = Math.floor(Date.now() / 1000) - 61;
    for (const [bad, why] of [
      [issuer.token(issuer.claims({ exp: past })), /has expired/],
      [issuer.token(issuer.claims({ aud: 'http://127.0.0.1:2/mcp' })), /another audience/],
      [issuer.token(issuer.claims(), stranger.privateKey), /signature is not the issuer's/],
      [`${confused}.${createHmac('sha256', secret).update(confused).digest('base64url')}`, /neither RS256 nor ES256/],
      [`${base64url({ alg: 'none' })}.${base64url(issuer.claims())}.`, /neither RS256 nor ES256/],
    ]) {
      const refused = await ask(bad);
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get('www-authenticate'), /^Bearer error="invalid_token", error_description="/);
      assert.match((await refused.json()).error_description, why);
    }
    assert.equal(issuer.asked, 1);
  } finally { issuer.close(); }
});

staged('a tool that needs scopes is refused with a challenge that names them all', async (stage) => {
  const issuer = await new Issuer().open();
  try {
    const simulator = await stage.simulator('--latency', '1..2');
    const config = two_models(simulator).replace('[tools.summarise]\n', '[tools.summarise]\nscopes = ["tools", "deep"]\n');
    const weir = await serve(stage, issuer.toml() + config);
    const call = (scope) => fetch(`http://127.0.0.1:${weir.port}/mcp`, { method: 'POST', headers: {
      'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call', 'mcp-name': 'summarise', authorization: `Bearer ${issuer.token(issuer.claims({ scope }))}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'summarise', arguments: { text }, _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } } }) });
    assert.equal((await call('deep tools')).status, 200);
    const refused = await call('tools');
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate'), /^Bearer error="insufficient_scope", scope="tools deep", resource_metadata="/);
  } finally { issuer.close(); }
});

staged('pages of a listed origin may call, after a preflight without a token; others may not', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const page = 'https://app.example';
  const weir = await serve(stage, clients + two_models(simulator, { server: `allowed_origins = ["${page}"]` }));
  const url = `http://127.0.0.1:${weir.port}/mcp`;
  const preflight = (origin) => fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,mcp-method,mcp-param-region' } });
  const allowed = await preflight(page);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get('access-control-allow-origin'), page);
  assert.match(allowed.headers.get('access-control-allow-headers'), /authorization,.*mcp-param-region/);
  assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);
  const ask = (headers) => fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } });
  const nobody = await ask({ origin: page });
  assert.equal(nobody.status, 401);
  assert.equal(nobody.headers.get('access-control-allow-origin'), page);
  assert.match(nobody.headers.get('access-control-expose-headers'), /www-authenticate/);
  const evil = await ask({ origin: 'https://evil.example', authorization: `Bearer ${token}` });
  assert.equal(evil.status, 403);
  assert.equal(evil.headers.get('access-control-allow-origin'), null);
});

const certificate = async (stage, name = 'server') => {
  const key = stage.file(`${name}.key`), cert = stage.file(`${name}.pem`);
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj',
    '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]);
  return { key, cert };
};

staged('curl and Node speak TLS with it, the official client too; plain HTTP is told where it is', async (stage) => {
  const { key, cert } = await certificate(stage);
  const simulator = await stage.simulator('--latency', '1..2');
  const weir = await serve(stage, two_models(simulator, { server: `tls_cert = "${cert}"\ntls_key = "${key}"` }));
  const url = `https://127.0.0.1:${weir.port}`;
  await logged(weir, /serving https:\/\/127\.0\.0\.1:/);
  const curl = await run('curl', ['-sS', '--cacert', cert, '-w', '%{http_code} %{http_version}', `${url}/healthz`]);
  assert.equal(curl.stdout, 'ok\n200 1.1');
  const old = await run('curl', ['-sS', '--cacert', cert, '--tls-max', '1.2', `${url}/healthz`]);
  assert.equal(old.stdout, 'ok\n');
  await assert.rejects(run('curl', ['-sS', `${url}/healthz`]), /certificate/);
  const plain = await fetch(`http://127.0.0.1:${weir.port}/healthz`);
  assert.equal(plain.status, 400);
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: cert };
  const node = await run(process.execPath, ['--input-type=module', '-e',
    `const answer = await fetch('${url}/healthz'); console.log(answer.status, await answer.text())`], { env });
  assert.equal(node.stdout, '200 ok\n\n');
  const client = await run(process.execPath, [fileURLToPath(new URL('../clients/client.mjs', import.meta.url)), '--tool', 'summarise',
    '--arguments', JSON.stringify({ text }), '--expect', 'One sentence is here.', '--url', `${url}/mcp`], { env });
  assert.equal((client.stdout.match(/^ok /gm) ?? []).length, 3, client.stdout);
});

staged('check names a key that is not the certificate\'s, and a key set that is none', async (stage) => {
  const one = await certificate(stage, 'one'), two = await certificate(stage, 'two');
  const config = two_models({ port: 9 }, { server: `tls_cert = "${one.cert}"\ntls_key = "${two.key}"` });
  const keys = stage.file('keys.json', '{"keys": []}');
  const checked = await check(stage, `[auth]\nissuer = "https://a.example"\naudience = "https://b.example/mcp"\njwks = "file:${keys}"\n${config}`);
  assert.equal(checked.code, 1);
  assert.match(checked.stderr, /weir\.toml:\d+: server: tls_key: .*two\.key is not the key of the certificate in .*one\.pem/);
  assert.match(checked.stderr, /weir\.toml:1: auth: jwks: none of the 0 keys/);
});

staged('check warns of a server that others can reach, without TLS and without tokens', async (stage) => {
  const open = await check(stage, two_models({ port: 9 }, { server: 'http = "0.0.0.0:8787"' }));
  assert.equal(open.code, 0);
  assert.match(open.stderr, /neither \[auth\] nor \[clients\.NAME\] is configured/);
  assert.match(open.stderr, /tls_cert and tls_key are not set/);
  const { key, cert } = await certificate(stage);
  const closed = await check(stage, clients + two_models({ port: 9 }, { server: `http = "0.0.0.0:8787"\ntls_cert = "${cert}"\ntls_key = "${key}"` }));
  assert.equal(closed.code, 0);
  assert.doesNotMatch(closed.stderr, /can be reached by others/);
  assert.ok(!closed.stdout.includes(token));
  assert.doesNotMatch((await check(stage, two_models({ port: 9 }))).stderr, /can be reached by others/);
});
