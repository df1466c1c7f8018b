// What a client test does to have its traffic held against the official schemas: with WEIR_WIRE_LOG in the environment, `fetch` below and
// the command line of `through` write conversations there (record.h has the form). Without it they change nothing.
import { appendFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const log = process.env.WEIR_WIRE_LOG;
if (log) writeFileSync(log, '');

// How to start a stdio server: {command, args, env}.
export const through = (command, args, env = {}) => (log
  ? { command: process.execPath, args: [fileURLToPath(new URL('tee.mjs', import.meta.url)), command, ...args], env: { ...env, WEIR_WIRE_LOG: log } }
  : { command, args, env });

export const recordingFetch = log && (async (url, init) => {
  const response = await fetch(url, init);
  if (init?.method !== 'POST' || response.body === null) return response;
  const [its, ours] = response.body.tee();
  new Response(ours).text().then((said) => {
    if (said === '') return;
    const version = new Headers(init.headers).get('mcp-protocol-version');
    const events = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
    appendFileSync(log, `${JSON.stringify({ over: 'http', version: version ? [version] : [], asked: String(init.body), said, events })}\n`);
  }, () => {});  // the client went away in the middle
  return new Response(its, { status: response.status, statusText: response.statusText, headers: response.headers });
});
