// The official Python client in its modes. Its package is laid into a virtual environment under the build folder; where that cannot be
// (no python3-venv, no PyPI), the test says so loudly and is left out.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Stage, build } from '../e2e/stage.mjs';
import { subjects } from './subjects.mjs';

const PACKAGE = 'mcp==2.3.0';
const folder = join(build, 'python-client');
const whole = join(folder, PACKAGE);  // written last

// Why there is no Python client; nothing when there is.
function lay() {
  if (existsSync(whole)) return;
  rmSync(folder, { recursive: true, force: true });
  try {
    const options = { stdio: ['ignore', 'pipe', 'pipe'], timeout: 180_000, encoding: 'utf8' };
    execFileSync('python3', ['-m', 'venv', folder], options);
    execFileSync(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '--retries', '1', PACKAGE], options);
  } catch (error) {
    return String(error.stderr || error.stdout || error.message).trim().split('\n').at(-1);
  }
  writeFileSync(whole, '');
}

const missing = lay();
if (missing) console.log(`LEFT OUT: the Python client (${PACKAGE}) cannot be had here: ${missing}`);
for (const [label, begin] of missing ? [] : subjects) {
  test(`the Python client lists and calls the tools of ${label}, in each of its modes`, { timeout: 60_000 }, async () => {
    const stage = new Stage();
    try {
      const { tool, expect, url, command, args, env, ...subject } = await begin(stage);
      const server = url ? [url] : [command, ...args];
      const { stdout } = await promisify(execFile)(join(folder, 'bin/python'),
        [fileURLToPath(new URL('python_client.py', import.meta.url)), 'legacy,auto,2026-07-28', tool, JSON.stringify(subject.arguments), expect, ...server],
        { env: { ...env, PATH: process.env.PATH } });
      assert.equal(stdout.trim(), '2025-11-25,2026-07-28,2026-07-28');
    } finally {
      await stage.close();
    }
  });
}
