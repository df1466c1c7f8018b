// What the clients are tried on: the conformance fixture and the product, over both transports.
//   for (const [label, begin] of subjects) ... const {command, args, env} or {url} = await begin(stage)
// `tool` with `arguments` answers a text with `expect` in it.
import { join } from 'node:path';
import { build, two_models } from '../e2e/stage.mjs';

const secret = { OPENAI_API_KEY: 'sk-secret-marker' };
const endpoint = ({ port }) => ({ url: `http://127.0.0.1:${port}/mcp` });

const fixture = { tool: 'test_simple_text', arguments: {}, expect: 'simple text response' };
const weir = { tool: 'summarise', arguments: { text: 'One sentence is here. Another follows it.' }, expect: 'One sentence is here.' };
const config = async (stage) => two_models(await stage.simulator('--latency', '1..2'), { tight: 'rpm = 600\ntpm = 60000' });

export const subjects = [
  ['the fixture over stdio', async () => ({ ...fixture, command: join(build, 'mcp-conformance-server'), args: ['--stdio'], env: {} })],
  ['the fixture over HTTP', async (stage) => ({ ...fixture, ...endpoint(await stage.listen('mcp-conformance-server', ['--http', '127.0.0.1:0'])) })],
  ['weir over stdio', async (stage) => ({ ...weir, command: join(build, 'weir'), env: secret,
    args: ['serve', '--stdio', '--config', stage.file('weir.toml', await config(stage))] })],
  ['weir over HTTP', async (stage) => ({ ...weir, ...endpoint(await stage.weir(await config(stage))) })],
];
