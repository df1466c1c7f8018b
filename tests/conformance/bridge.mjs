// Puts HTTP in front of a stdio server, because the conformance suite knows no other way in:
//   node bridge.mjs --port-file FILE -- COMMAND ARGS...
// What HTTP has and stdio lacks is this file's own: headers, statuses, sessions, streams. Everything else is the server's answer. All modern
// requests share one process; each legacy `initialize` gets a process of its own, and a session id. Ids and progress tokens are replaced
// by numbers that are unique in a process, and put back on the way out. Over stdio nothing ties a log message or a legacy server's
// question to a request: they go to the newest one that is open (which asked for log messages), or to the session's GET stream.
// Ends on SIGTERM. Exit code 0: every process ended with 0 when its input did, and wrote nothing but JSON.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [flag, portFile, dashes, command, ...args] = process.argv.slice(2);
if (flag !== '--port-file' || dashes !== '--' || !command) throw new Error('usage: bridge.mjs --port-file FILE -- COMMAND ARGS...');

const MODERN = ['2026-07-28'];
const META = 'io.modelcontextprotocol/';
const NAMED_BY = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri',
  'tasks/get': 'taskId', 'tasks/update': 'taskId', 'tasks/cancel': 'taskId' };
const failures = [];
const error = (id, code, message) => ({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), error: { code, message } });

class Server {  // one process
  constructor() {
    this.pending = new Map();  // by our id, in order of arrival: {id, token, modern, logs, whole, envelope, send, end}
    this.cancelled = new Set();  // their answers may have been on the way already
    this.last = 0;
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(signal ?? code)));
    this.ended.then((how) => {
      if (how !== 0) failures.push(`a server ended with ${how}`);
      for (const { end, id } of this.pending.values()) end(error(id, -32603, 'the server is gone'), 502);
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      try { this.heard(JSON.parse(line)); } catch (why) { failures.push(`${why.message}: ${line}`); }
    });
  }
  say(message) { this.child.stdin.write(JSON.stringify(message) + '\n'); }
  ask({ message, ...request }) {
    const id = ++this.last;
    const token = message.params?._meta?.progressToken;
    const params = token === undefined ? message.params : { ...message.params, _meta: { ...message.params._meta, progressToken: id } };
    this.pending.set(id, { id: message.id, token, ...request });
    this.say({ ...message, id, ...(params === undefined ? {} : { params }) });
    return id;
  }
  cancel(id) {
    if (!this.pending.delete(id)) return;
    this.cancelled.add(id);
    this.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
  }
  heard(message) {
    const meta = message.params?._meta ?? message.result?._meta;
    const subscription = meta?.[`${META}subscriptionId`];
    const listen = this.pending.get(subscription);
    if (listen) meta[`${META}subscriptionId`] = listen.id;
    if (message.method === undefined) {
      const asked = this.pending.get(message.id);
      if (!asked) return void (this.cancelled.delete(message.id) || failures.push(`an answer that nobody waits for: ${JSON.stringify(message)}`));
      this.pending.delete(message.id);
      return asked.end({ ...message, id: asked.id }, asked.modern ? asked.status(message.error?.code) : 200);
    }
    if (subscription !== undefined) return listen?.send(message);  // gone: cancelled a moment ago
    if (message.method === 'notifications/progress') {
      const asked = this.pending.get(message.params.progressToken);
      return asked?.send({ ...message, params: { ...message.params, progressToken: asked.token } });
    }
    const open = [...this.pending.values()].reverse();
    const related = message.method === 'notifications/message' || message.id !== undefined;
    const to = related ? open.find((one) => one.logs) ?? open[0] ?? this.get : this.get;
    to?.send(message);
  }
}

const servers = [];
const start = () => (servers.push(new Server()), servers.at(-1));
const sessions = new Map();
let shared;

const head = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' };
const event = (message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
function answers(response, headers) {
  const json = (status, body) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body && JSON.stringify(body));
  const send = (message) => (response.headersSent || response.writeHead(200, { ...head, ...headers }), response.write(event(message)));
  return { json, send, end: (message, status) => (response.headersSent ? response.end(event(message)) : json(status, message)) };
}

const decoded = (value) => {  // undefined: absent, or not canonical inside the sentinel
  const inner = /^=\?base64\?(.*)\?=$/.exec(value ?? '')?.[1];
  if (inner === undefined) return value;
  const bytes = Buffer.from(inner, 'base64');
  return bytes.toString('base64') === inner ? bytes.toString('utf8') : undefined;
};
// What HTTP has to say against a modern request: [status, code, message], or nothing.
function refusal({ method, params }, headers) {
  const version = params?._meta?.[`${META}protocolVersion`];
  if (typeof version !== 'string') return [400, -32602, `params._meta lacks ${META}protocolVersion`];
  if (headers['mcp-protocol-version'] !== version) return [400, -32020, 'MCP-Protocol-Version is not what the body says'];
  if (!MODERN.includes(version)) return;  // the server refuses it
  if (headers['mcp-method'] !== method) return [400, -32020, 'Mcp-Method is not what the body says'];
  if (NAMED_BY[method] && decoded(headers['mcp-name']) !== params[NAMED_BY[method]]) return [400, -32020, 'Mcp-Name is not what the body says'];
}

function post(message, headers, response) {
  const claim = message.params?._meta?.[`${META}protocolVersion`];
  const modern = claim !== undefined || MODERN.includes(headers['mcp-protocol-version']);
  const fresh = !modern && message.method === 'initialize';
  const session = fresh ? randomUUID() : headers['mcp-session-id'];
  if (fresh) sessions.set(session, start());
  const server = modern || session === undefined ? shared ??= start() : sessions.get(session);
  const { json, send, end } = answers(response, modern || session === undefined ? {} : { 'mcp-session-id': session });
  if (!server) return json(404, error(message.id, -32600, 'no such session'));
  if (message.method === undefined || message.id === undefined) {  // a response or a notification
    if (modern) return json(message.method === undefined ? 400 : 202);
    if (message.method !== 'notifications/cancelled') server.say(message);
    else for (const [id, one] of server.pending) if (one.id === message.params?.requestId) server.cancel(id);
    return json(202);
  }
  const refused = modern && refusal(message, headers);
  if (refused) return json(refused[0], error(message.id, refused[1], refused[2]));
  const capabilities = message.params?._meta?.[`${META}clientCapabilities`];
  const sound = capabilities !== null && typeof capabilities === 'object' && !Array.isArray(capabilities);
  const status = (code) => ({ [-32601]: 404, [-32602]: sound ? 200 : 400, [-32600]: 400, [-32700]: 400, [-32020]: 400, [-32021]: 400, [-32022]: 400 })[code] ?? 200;
  const logs = !modern || message.params._meta[`${META}logLevel`] !== undefined;
  const id = server.ask({ message, modern, logs, status, send, end });
  response.on('close', () => modern && !response.writableFinished && server.cancel(id));
}

const http = createServer(async (request, response) => {
  const { json, send } = answers(response);
  const local = (value) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(value);
  const origin = request.headers.origin;
  if (!local(request.headers.host ?? '') || (origin !== undefined && !local(origin.replace(/^https?:\/\//, '')))) return json(403);
  const session = sessions.get(request.headers['mcp-session-id']);
  if (session && request.method === 'GET') return response.writeHead(200, head).flushHeaders(), void (session.get = { send });
  if (session && request.method === 'DELETE') return session.child.stdin.end(), sessions.delete(request.headers['mcp-session-id']), json(200);
  if (request.method !== 'POST') return response.setHeader('allow', 'POST'), json(405);
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  let message;
  try { message = JSON.parse(body); } catch { return json(400, error(undefined, -32700, 'not JSON')); }
  if (message === null || typeof message !== 'object' || Array.isArray(message)) return json(400, error(undefined, -32600, 'one message a POST'));
  post(message, request.headers, response);
});
http.listen(0, '127.0.0.1', () => {
  writeFileSync(`${portFile}.new`, `${http.address().port}\n`);
  renameSync(`${portFile}.new`, portFile);
});
process.on('SIGTERM', async () => {
  http.close();
  http.closeAllConnections();
  for (const { child } of servers) child.stdin.end();
  await Promise.all(servers.map(({ ended }) => ended));
  for (const what of failures) console.error(`bridge: ${what}`);
  process.exit(failures.length === 0 ? 0 : 1);
});
