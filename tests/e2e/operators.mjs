// Every kind of tool, by the official client, in three dialects: one text, a list of them, what fails and what is told on the way.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Stage } from './stage.mjs';

const texts = ['I was charged twice for my invoice. Please refund one of them.', 'The parcel has not arrived yet. It is late.',
  'The app crashes with an error when I open it.', 'Thank you, this is wonderful.'];
const dialects = {
  openai: { provider: 'openai', base: '/v1', model: 'gpt-4.1-nano', embedding: 'text-embedding-3-small' },
  anthropic: { provider: 'anthropic', base: '', model: 'claude-opus-4-5' },
  google: { provider: 'google', base: '/v1beta', model: 'gemini-2.5-flash', embedding: 'gemini-embedding-001' },
};
const config = ({ provider, base, model, embedding }, simulator) => `
[server]
default_model = "m"
concurrency_limit = 8
result_bytes_max = "4KiB"
[models.m]
provider = "${provider}"
model = "${model}"
base_url = "http://127.0.0.1:${simulator.port}${base}"
api_key = "env:OPENAI_API_KEY"
${embedding ? `[models.e]\nprovider = "${provider}"\nmodel = "${embedding}"\nbase_url = "http://127.0.0.1:${simulator.port}${base}"\napi_key = "env:OPENAI_API_KEY"\n` : ''}
[tools.translate]
description = "Translate."
prompt = "Translate into {{language}}:\\n\\n{{text}}"
list = "text"
examples = [{ input = { text = "One.", language = "German" }, output = "Eins." }]
input.text = { type = "string", fenced = true, max_length = 2_000 }
input.language = { type = "string", default = "French" }

[tools.facts]
kind = "extract"
description = "Facts."
output_schema = { type = "object", required = ["topic", "lines"], "$defs".line = { type = "object", required = ["n"], properties.n = { type = "integer" } }, properties.topic = { type = "string", enum = ["money", "goods"] }, properties.lines = { type = "array", items = { "$ref" = "#/$defs/line" } } }

[tools.topic]
kind = "classify"
description = "The topic."
labels = { billing = "invoice, charged, refund", delivery = "parcel, arrived, late", technical = "app, crashes, error", praise = "thank you, wonderful" }
examples = [{ input = "I have paid twice.", output = "billing" }]

[tools.topics]
kind = "classify"
description = "All topics."
labels = ["billing", "delivery"]
multiple = true

[tools.is_angry]
kind = "predicate"
description = "Whether the customer is angry."
question = "Is the customer angry about {{about}}?"
input.about = { type = "string", default = "us" }

[tools.paragraph]
kind = "summarise"
description = "A paragraph."
max_words = 30

[tools.points]
kind = "summarise"
description = "Points."
format = "key_points"
max_points = 3

[tools.mood]
kind = "sentiment"
description = "The mood."

[tools.verdict]
kind = "judge"
description = "A verdict."
question = "Should a person look at this at once?"
labels = ["at once", "today", "never"]

[tools.report]
kind = "reduce"
description = "One report over all."
instructions = "Name the topics."
max_output_tokens = 100
${embedding ? '[tools.vectors]\nkind = "embed"\ndescription = "Vectors."\nmodel = "e"\ndimensions = 128\n' : ''}`;

for (const [name, dialect] of Object.entries(dialects)) {
  describe(`operators over ${name}`, () => {
    const stage = new Stage();
    let client, simulator;
    const call = (tool, args, options) => client.callTool({ name: tool, arguments: args }, options);
    const value = async (tool, args) => {
      const result = await call(tool, args);
      assert.ok(!result.isError, result.content[0].text);
      if (tool !== 'vectors') assert.ok(result._meta['weir/usage'].input_tokens > 0);  // Google tells none of embeddings
      return result.structuredContent;
    };
    before(async () => {
      simulator = await stage.simulator('--shape', 'unlimited', '--latency', '1..5');
      const weir = await stage.weir(config(dialect, simulator));
      client = new Client({ name: 'operators', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${weir.port}/mcp`)));
      await client.listTools();  // so that the client checks each result by the tool's output schema
    });
    after(async () => { await client.close(); await stage.close(); });

    test('what is listed has a title, annotations, and schemas that are plain objects', async () => {
      for (const tool of (await client.listTools()).tools) {
        assert.ok(tool.title && tool.annotations.openWorldHint !== undefined || tool.name.startsWith('weir_'), tool.name);
        for (const schema of [tool.inputSchema, tool.outputSchema]) {
          assert.equal(schema.type, 'object', tool.name);
          for (const word of ['oneOf', 'anyOf', 'allOf', 'not', 'if', '$ref']) assert.equal(schema[word], undefined);
        }
      }
    });
    test('map: a text, and a list with what is the same for all', async () => {
      const one = await value('translate', { text: texts[0] });
      assert.equal(one.finish, 'stop');
      const { results, failures } = await value('translate', { texts, language: 'Dutch' });
      assert.equal(results.length, texts.length);
      assert.ok(results.every((row) => row.text.length > 0 && row.truncated === false));
      assert.equal(failures, undefined);
    });
    test('extract: nested objects by $ref, of one text and of a list', async () => {
      const right = (facts) => {
        assert.ok(['money', 'goods'].includes(facts.topic));
        assert.ok(facts.lines.every((line) => Number.isInteger(line.n)));
      };
      right(await value('facts', { text: texts[0] }));
      (await value('facts', { texts })).results.forEach(right);
    });
    test('classify: one label, or several', async () => {
      assert.equal((await value('topic', { text: texts[0] })).label, 'billing');
      const { results } = await value('topic', { texts });
      assert.deepEqual(results.map((row) => row.label), ['billing', 'delivery', 'technical', 'praise']);
      const { labels } = await value('topics', { text: texts[0] });
      assert.ok(labels.every((label) => ['billing', 'delivery'].includes(label)));
    });
    test('predicate, sentiment: one word of a closed set', async () => {
      assert.equal(typeof (await value('is_angry', { text: texts[0], about: 'the delay' })).answer, 'boolean');
      assert.ok(['positive', 'negative', 'neutral'].includes((await value('mood', { text: texts[3] })).sentiment));
    });
    test('summarise: a paragraph, or points', async () => {
      assert.ok((await value('paragraph', { text: texts.join(' ') })).text.length > 5);
      const { points } = await value('points', { text: texts.join(' ') });
      assert.ok(points.length <= 3 && points.every((point) => typeof point === 'string'));
    });
    test('judge: probabilities that sum to one, measured where the provider tells', async () => {
      const { answer, probabilities, method } = await value('verdict', { text: texts[2] });
      assert.deepEqual(Object.keys(probabilities).sort(), ['at once', 'never', 'today']);
      const sum = Object.values(probabilities).reduce((a, b) => a + b);
      assert.ok(Math.abs(sum - 1) < 1e-4, `${sum}`);
      assert.equal(probabilities[answer], Math.max(...Object.values(probabilities)));
      assert.equal(method, name === 'openai' ? 'logprobs' : 'stated');
    });
    test('reduce: one answer of all', async () => {
      const result = await call('report', { texts: [...texts, '', null] });
      assert.ok(!result.isError, result.content[0].text);
      assert.equal(result._meta['weir/usage'].attempts, 1);
      assert.ok(result.structuredContent.text.length > 0);
    });
    test('a bad row is null with its reason, the others stand', async () => {
      const { results, failures } = await value('translate', { texts: [texts[0], '', 7, 'x'.repeat(2_001), texts[1]] });
      assert.deepEqual(results.map((row) => row === null), [false, true, true, true, false]);
      assert.deepEqual(failures.map((failure) => failure.row), [1, 2, 3]);
      assert.match(failures[0].reason, /empty/);
      assert.match(failures[1].reason, /expected a string/);
      assert.match(failures[2].reason, /2000/);
    });
    test('bad arguments say what would be right', async () => {
      for (const [args, words] of [[{}, /missing "text"/], [{ texts: [] }, /arguments\.texts: is empty/],
        [{ texts: 'one' }, /arguments\.texts: expected an array/], [{ text: 'a', texts: ['b'] }, /give one of both/],
        [{ texts: Array(101).fill('a') }, /101 items; at most 100/], [{ texts: ['a'], sentences: 3 }, /sentences/]]) {
        const result = await call('mood', args);
        assert.ok(result.isError);
        assert.match(result.content[0].text, words);
      }
    });
    test('a list tells of its progress row by row', async () => {
      const told = [];
      const many = Array.from({ length: 40 }, (_, i) => `${texts[i % 4]} ${i}`);
      const result = await call('mood', { texts: many }, { onprogress: (progress) => told.push(progress) });
      assert.equal(result.structuredContent.results.length, 40);
      assert.ok(told.length >= 1);
      assert.deepEqual([told.at(-1).progress, told.at(-1).total], [40, 40]);
      assert.ok(told.every((each, i) => i === 0 || each.progress > told[i - 1].progress));
    });
    test('a result that is too large goes on as a resource', async () => {
      const many = Array.from({ length: 100 }, (_, i) => `${texts[i % 4]} ${i}`);
      const result = await call('translate', { texts: many });
      const rows = [...result.structuredContent.results];
      let uri = result.structuredContent.more.uri;
      assert.equal(result.structuredContent.more.rows, 100 - rows.length);
      assert.ok(JSON.stringify(result.structuredContent).length < 8_000);
      assert.equal(result.content.at(-1).uri, uri);
      while (uri) {
        const page = JSON.parse((await client.readResource({ uri })).contents[0].text);
        assert.equal(page.from, rows.length);
        rows.push(...page.results);
        uri = page.next;
      }
      assert.equal(rows.length, 100);
      assert.ok(rows.every((row) => row.text));
      await assert.rejects(client.readResource({ uri: 'weir://results/0123456789abcdef0123456789abcdef/2' }), /no resource/);
    });
    if (dialect.embedding) {
      test('embed: texts together in one request, vectors in their order', async () => {
        const before = (await stage.stats(simulator))[dialect.embedding]?.admitted ?? 0;
        const { results } = await value('vectors', { texts: [texts[0], '', texts[1]] });
        assert.equal(results[1], null);
        assert.equal(results[0].vector.length, 128);
        assert.equal(results[0].dimensions, 128);
        assert.equal((await stage.stats(simulator))[dialect.embedding].admitted, before + 1);
        assert.deepEqual((await value('vectors', { text: texts[0] })).vector, results[0].vector);
      });
    }
  });
}
