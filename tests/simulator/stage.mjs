// Starts weir-simulator for the official clients' tests, and runs those: node NAME_client.mjs PATH-TO-WEIR-SIMULATOR
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'weir-simulator-'));
const running = [];

function portIn(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0; // not there yet
  }
}

// The origin of a simulator that listens.
export async function start(...args) {
  const file = join(folder, `port-${running.length}`);
  const watcher = watch(folder);
  const child = spawn(program, ['--port', '0', '--port-file', file, ...args], { stdio: 'inherit' });
  running.push(child);
  const ended = once(child, 'exit').then(([code]) => assert.fail(`the simulator ended with ${code}`));
  ended.catch(() => {});
  while (!portIn(file)) await Promise.race([once(watcher, 'change'), ended]);
  watcher.close();
  return `http://127.0.0.1:${portIn(file)}`;
}

export const statsOf = async (origin, model) => (await (await fetch(`${origin}/stats`)).json()).models[model];

// What a call is rejected with.
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('was not rejected');
}

// A schema that every provider's strict subset takes, and a check that an answer fits it.
export const riverSchema = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    kind: { type: 'string', enum: ['river', 'weir', 'lake'] },
    holds: { type: 'boolean' },
    depth: { type: 'integer' },
    points: { type: 'array', items: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false } },
  },
  required: ['title', 'kind', 'holds', 'depth', 'points'],
  additionalProperties: false,
};
export function assertRiver(value) {
  assert.deepEqual(Object.keys(value), riverSchema.required);
  assert.equal(typeof value.title, 'string');
  assert.ok(riverSchema.properties.kind.enum.includes(value.kind));
  assert.equal(typeof value.holds, 'boolean');
  assert.ok(Number.isInteger(value.depth));
  assert.ok(value.points.length > 0);
  for (const point of value.points) assert.equal(typeof point.text, 'string');
}

// `suites`: functions that start what they need and return [tests by name, what each test is given].
export async function runAll(...suites) {
  let failed = 0;
  console.log(`node ${process.version} (${process.execPath})`);
  try {
    for (const suite of suites) {
      const [tests, subject] = await suite();
      for (const [name, test] of Object.entries(tests)) {
        try {
          await test(subject);
          console.log(`ok      ${name}`);
        } catch (error) {
          failed += 1;
          console.log(`FAILED  ${name}\n${error.stack}`);
        }
      }
    }
  } finally {
    for (const child of running) {
      child.removeAllListeners('exit');
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) failed += 1;
    }
    rmSync(folder, { recursive: true });
  }
  process.exit(failed === 0 ? 0 : 1);
}
