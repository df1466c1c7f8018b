// Traces from end to end: the caller's context goes through Weir to the provider, and the spans that an OTLP receiver is
// sent tell the same. What it is sent is held against the protocol's JSON mapping, field by field.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Stage, call } from './stage.mjs';

// opentelemetry-proto's ExportTraceServiceRequest as OTLP/HTTP has it in JSON: nothing beside these fields, ids in hex,
// 64-bit integers as strings, enumerations as numbers.
const strict = (properties, required = []) => ({ type: 'object', properties, required, additionalProperties: false });
const list = (items) => ({ type: 'array', items });
const text = { type: 'string' };
const fixed64 = { type: 'string', pattern: '^[0-9]{1,20}$' };
const count = { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 };
const id = (bytes) => ({ type: 'string', pattern: `^(?!0+$)[0-9a-f]{${2 * bytes}}$` });
const attributes = list({ $ref: '#/$defs/attribute' });
const schema = {
  $defs: {
    value: { ...strict({ stringValue: text, boolValue: { type: 'boolean' }, doubleValue: { type: 'number' },
      intValue: { type: 'string', pattern: '^-?[0-9]{1,19}$' },
      arrayValue: strict({ values: list({ $ref: '#/$defs/value' }) }) }), minProperties: 1, maxProperties: 1 },
    attribute: strict({ key: { ...text, minLength: 1 }, value: { $ref: '#/$defs/value' } }, ['key', 'value']),
    event: strict({ timeUnixNano: fixed64, name: text, attributes, droppedAttributesCount: count },
      ['timeUnixNano', 'name']),
    span: strict({ traceId: id(16), spanId: id(8), parentSpanId: id(8), traceState: text, flags: count, name: text,
      kind: { type: 'integer', minimum: 0, maximum: 5 }, startTimeUnixNano: fixed64, endTimeUnixNano: fixed64,
      attributes, droppedAttributesCount: count, events: list({ $ref: '#/$defs/event' }), droppedEventsCount: count,
      status: strict({ code: { type: 'integer', minimum: 0, maximum: 2 }, message: text }) },
    ['traceId', 'spanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano']),
  },
  ...strict({ resourceSpans: list(strict({
    resource: strict({ attributes, droppedAttributesCount: count }), schemaUrl: text,
    scopeSpans: list(strict({ scope: strict({ name: text, version: text, attributes }), schemaUrl: text,
      spans: list({ $ref: '#/$defs/span' }) })),
  })) }, ['resourceSpans']),
};
const fits = new Ajv2020({ strict: false }).compile(schema);

// A server on loopback; `answer(request, body)` gives [status, JSON, headers].
async function listening(answer) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => {
      const [status, value, headers = {}] = answer(request, body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => { server.closeAllConnections(); server.close(); } };
}

// Keeps the spans it is sent; `all(n)` waits for so many.
async function receiver() {
  const seen = { spans: [], requests: [], refusals: [] };
  let told = () => {};
  const server = await listening((request, body) => {
    seen.requests.push(request.headers);
    if (seen.refusals.length > 0) return seen.refusals.shift();
    const sent = JSON.parse(body);
    seen.wrong ??= fits(sent) ? undefined : JSON.stringify(fits.errors);
    seen.resource = sent.resourceSpans[0].resource;
    for (const { scopeSpans } of sent.resourceSpans) for (const { spans } of scopeSpans) seen.spans.push(...spans);
    told();
    return [200, { partialSuccess: {} }];
  });
  const all = async (many) => {
    while (seen.spans.length < many) await new Promise((resolve) => { told = resolve; });
    assert.equal(seen.wrong, undefined);
    return seen.spans;
  };
  return { ...server, seen, all };
}

// Answers as an OpenAI-compatible provider; keeps the traceparents it was asked with. `failures` come first.
async function provider(failures = []) {
  const parents = [];
  const server = await listening((request) => {
    parents.push(request.headers.traceparent);
    if (failures.length > 0) return failures.shift();
    return [200, { id: 'c-1', model: 'm-1', choices: [{ message: { content: 'A dam.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 21, completion_tokens: 4, total_tokens: 25 } }];
  });
  return { ...server, parents };
}

const config = (of, sink, tracing = '') => `
[server]
default_model = "fast"
[models.fast]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:${of.port}/v1"
[tools.summarise]
description = "Summarise a text."
prompt = "Summarise: {{text}}"
max_output_tokens = 60
input.text = { type = "string" }
[tracing]
endpoint = "http://127.0.0.1:${sink.port}/v1/traces"
${tracing}
`;

const trace = '0af7651916cd43dd8448eb211c80319c', caller = 'b7ad6b7169203331';
const sampled = { headers: { traceparent: `00-${trace}-${caller}-01`, tracestate: 'vendor=1' } };
const value = (of, key) => {
  const found = of.attributes.find((each) => each.key === key)?.value;
  return found && Object.values(found)[0];
};

async function staged({ failures = [], tracing = '' }, run) {
  const stage = new Stage(), of = await provider(failures), sink = await receiver();
  try {
    await run(await stage.weir(config(of, sink, tracing)), sink, of);
  } finally {
    await stage.close();
    of.close();
    sink.close();
  }
}

test('one trace goes from the caller through the call and the flight to the provider', () =>
  staged({}, async (weir, sink, of) => {
    const result = await call(weir.port, 'summarise', { text: 'A weir.' }, sampled);
    assert.equal(result.isError ?? false, false);
    const spans = await sink.all(2);
    const server = spans.find(({ kind }) => kind === 2), client = spans.find(({ kind }) => kind === 3);
    assert.equal(server.name, 'tools/call summarise');
    assert.equal(server.parentSpanId, caller);
    assert.equal(client.name, 'chat m');
    assert.equal(client.parentSpanId, server.spanId);
    for (const span of [server, client]) assert.equal(span.traceId, trace);
    assert.deepEqual(of.parents, [`00-${trace}-${client.spanId}-01`]);
    assert.equal(server.traceState, 'vendor=1');
    assert.ok(BigInt(server.startTimeUnixNano) <= BigInt(client.startTimeUnixNano));
    assert.ok(BigInt(client.endTimeUnixNano) <= BigInt(server.endTimeUnixNano));
    assert.equal(value(server, 'network.transport'), 'tcp');
    assert.equal(value(client, 'gen_ai.usage.input_tokens'), '21');
    assert.equal(value(client, 'gen_ai.usage.output_tokens'), '4');
    assert.equal(value(client, 'gen_ai.response.model'), 'm-1');
    assert.deepEqual(client.events.map(({ name }) => name), ['weir.queued', 'weir.reserved', 'weir.attempt']);
    assert.equal(value(sink.seen.resource, 'service.name'), 'weir');
  }));

test('a retry is told within the flight, and each attempt carries the same trace', () =>
  staged({ failures: [[503, { error: { message: 'busy' } }, { 'retry-after': '0' }]] }, async (weir, sink, of) => {
    await call(weir.port, 'summarise', { text: 'A weir.' }, sampled);
    const client = (await sink.all(2)).find(({ kind }) => kind === 3);
    assert.deepEqual(client.events.map(({ name }) => name), ['weir.queued', 'weir.reserved', 'weir.attempt',
      'weir.retry', 'weir.queued', 'weir.reserved', 'weir.attempt']);
    assert.equal(value(client.events[2], 'error.type'), '503');
    assert.equal(client.status, undefined);
    assert.equal(of.parents.length, 2);
    for (const parent of of.parents) assert.equal(parent, `00-${trace}-${client.spanId}-01`);
  }));

test('a call that its caller does not sample leaves no span, but goes on in its trace', () =>
  staged({}, async (weir, sink, of) => {
    await call(weir.port, 'summarise', { text: 'A.' }, { headers: { traceparent: `00-${trace}-${caller}-00` } });
    assert.match(of.parents[0], new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
    await call(weir.port, 'summarise', { text: 'B.' }, { headers: { traceparent: 'not one' } });
    const spans = await sink.all(2);
    assert.equal(spans.length, 2);
    for (const span of spans) assert.notEqual(span.traceId, trace);
  }));

test('the receiver is sent its authorization, and asked again when it is busy', () =>
  staged({ tracing: 'authorization = "env:OPENAI_API_KEY"\nservice = "summaries"' }, async (weir, sink) => {
    sink.seen.refusals.push([503, {}]);
    await call(weir.port, 'summarise', { text: 'A weir.' }, sampled);
    await sink.all(2);
    assert.equal(sink.seen.requests.length, 2);
    for (const headers of sink.seen.requests) assert.equal(headers.authorization, 'sk-secret-marker');
    assert.equal(value(sink.seen.resource, 'service.name'), 'summaries');
  }));

test('a server that is asked to stop sends its last spans first', () => staged({}, async (weir, sink) => {
  await call(weir.port, 'summarise', { text: 'A weir.' }, sampled);
  weir.kill('SIGTERM');
  assert.deepEqual(await weir.exit, { code: 0, signal: null });
  assert.equal((await sink.all(2)).length, 2);
}));

test('a receiver that is away costs no call anything, and is said once', async () => {
  const stage = new Stage(), of = await provider();
  try {
    const weir = await stage.weir(config(of, { port: 9 }));
    for (let i = 0; i < 20; ++i) {
      const result = await call(weir.port, 'summarise', { text: `A weir, ${i}.` }, sampled);
      assert.equal(result.isError ?? false, false);
    }
    weir.kill('SIGTERM');
    assert.deepEqual(await weir.exit, { code: 0, signal: null });
    assert.equal(weir.text.stderr.split('tracing: ').length - 1, 1);
  } finally {
    await stage.close();
    of.close();
  }
});
