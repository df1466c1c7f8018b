// The desktop extension: it is packed, `mcpb validate` accepts it, and it starts from wherever it was unpacked, as a host starts it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { getMcpConfigForManifest } from '@anthropic-ai/mcpb';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mcpb = (...args) => execFileSync(process.execPath, [join(root, 'tests/node_modules/.bin/mcpb'), ...args], { encoding: 'utf8' });
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'weir-package-'));
test.after(() => rmSync(folder, { recursive: true }));
const [bundle, announcement] = execFileSync(join(root, 'scripts/package-mcpb'),
  ['--build', process.env.WEIR_BUILD, '--out', folder, '--repository', 'someone/weir'], { encoding: 'utf8' }).trim().split('\n');
const unpacked = join(folder, 'elsewhere');
mcpb('unpack', bundle, unpacked);

test('mcpb accepts the manifest', () => {
  assert.match(mcpb('validate', join(unpacked, 'manifest.json')), /passes|valid/i);
  const manifest = json(join(unpacked, 'manifest.json'));
  assert.deepEqual(Object.keys(manifest.user_config), ['openai_api_key']);
  assert.equal(manifest.user_config.openai_api_key.sensitive, true);
});

test('the program may be executed, and takes its libraries from beside it', () => {
  const program = join(unpacked, 'server/weir');
  assert.equal(statSync(program).mode & 0o777, 0o755);
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n').filter((line) => line.includes('=> /'));
  const foreign = libraries.map((line) => line.trim().split(' ')[2]).filter((path) => !path.startsWith(unpacked));
  assert.deepEqual(foreign.filter((path) => !/\/lib(c|m|resolv)\.so\.\d+$/.test(path)), []);
});

test('it starts as a host starts it, with a key from the settings, and lists its tools', { timeout: 60_000 }, async () => {
  const settings = { manifest: json(join(unpacked, 'manifest.json')), extensionPath: unpacked, systemDirs: {}, pathSeparator: '/' };
  assert.equal(await getMcpConfigForManifest({ ...settings, userConfig: {} }), undefined);  // the key is required
  const server = await getMcpConfigForManifest({ ...settings, userConfig: { openai_api_key: 'sk-not-used' } });
  assert.equal(server.env.OPENAI_API_KEY, 'sk-not-used');
  for (const mode of ['legacy', 'auto']) {
    const client = new Client({ name: 'package', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new StdioClientTransport({ ...server, cwd: '/', stderr: 'ignore' }));
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name), ['explain_error', 'summarise', 'translate', 'weir_estimate', 'weir_limits', 'weir_models', 'weir_usage']);
    await client.close();
  }
});

test('server.json obeys the rules of the registry', () => {
  const server = json(announcement);
  const [entry] = server.packages;
  const { version } = json(join(unpacked, 'manifest.json'));
  assert.match(server.$schema, /^https:\/\/static\.modelcontextprotocol\.io\/schemas\/\d{4}-\d\d-\d\d\/server\.schema\.json$/);
  assert.match(server.name, /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
  assert.ok(server.description.length >= 1 && server.description.length <= 100);
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual([server.version, entry.version], [version, version]);
  assert.equal(entry.registryType, 'mcpb');
  assert.match(entry.identifier, /^https:\/\/github\.com\/someone\/weir\/releases\/download\/.*mcp.*\.mcpb$/);
  assert.equal(entry.fileSha256, createHash('sha256').update(readFileSync(bundle)).digest('hex'));
  assert.deepEqual(entry.transport, { type: 'stdio' });
  assert.deepEqual(entry.environmentVariables.map(({ name, isSecret }) => [name, isSecret]), [['OPENAI_API_KEY', true]]);
});
