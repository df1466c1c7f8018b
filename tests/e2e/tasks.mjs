// Tasks that outlive the process: a real server, killed as hard as the system can.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Stage, post, two_models } from './stage.mjs';

const timeout = 60_000;
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const ask = async (weir, method, params) => (await post(weir.port, method, params, { capabilities })).body;
const get = (weir, id) => ask(weir, 'tasks/get', { taskId: id });
const args = { name: 'summarise_wide', arguments: { text: 'One. Two.' } };

async function staged(run) {
  const stage = new Stage();
  try {
    const file = stage.file('tasks.db');
    const serve = async (latency) => stage.weir(
      two_models(await stage.simulator('--latency', latency), { server: `task_after = "100ms"\ntasks_file = "${file}"` }));
    await run({ file, serve });
  } finally {
    await stage.close();
  }
}

// The task that a slow call becomes.
async function slow_call(weir) {
  const { result } = await ask(weir, 'tools/call', args);
  assert.equal(result.resultType, 'task');
  return result.taskId;
}

// Asks until it has ended; each question is a round trip, so nobody sleeps.
async function ended(weir, id) {
  for (;;) {
    const { result } = await get(weir, id);
    if (result.status !== 'working') return result;
  }
}

async function kill(weir) {
  weir.kill('SIGKILL');
  assert.deepEqual(await weir.exit, { code: null, signal: 'SIGKILL' });
}

// A task's end is told before it is on the disk; the next task that is answered was written after it.
const on_disk = slow_call;

test('a task that ended is answered by the next process, one that still ran has failed', { timeout }, () =>
  staged(async ({ serve, file }) => {
    const first = await serve('300..301');
    assert.ok(!existsSync(file), 'the file comes with the first task');
    const id = await slow_call(first);
    const before = await ended(first, id);
    assert.equal(before.status, 'completed');
    assert.equal(before.result.content[0].text, 'One.');
    const cut = await on_disk(first);
    await kill(first);

    const second = await serve('300..301');
    assert.deepEqual((await get(second, id)).result, before);
    const { result } = await get(second, cut);
    assert.equal(result.status, 'failed');
    assert.deepEqual(result.error, { code: -32603, message: 'the server restarted while this task ran; call the tool again' });
    assert.equal((await get(second, 'AAAAAAAAAAAAAAAAAAAAAA')).error.code, -32602);

    // A graceful end leaves one whole file.
    second.kill('SIGTERM');
    assert.equal((await second.exit).code, 0);
    const third = await serve('300..301');
    assert.deepEqual((await get(third, id)).result, before);
  }));

test('a file that is no database is left alone; calls and tasks go on without it', { timeout }, () =>
  staged(async ({ serve, file }) => {
    const garbage = 'no database '.repeat(400);
    writeFileSync(file, garbage);
    const weir = await serve('300..301');
    assert.equal((await ended(weir, await slow_call(weir))).result.content[0].text, 'One.');
    weir.kill('SIGTERM');
    await weir.exit;
    assert.match(weir.text.stderr, /tasks_file "[^"]+": file is not a database; tasks live in memory only/);
    assert.equal(readFileSync(file, 'utf8'), garbage);
  }));
