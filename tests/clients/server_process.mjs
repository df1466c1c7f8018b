// A server under test as a child process: started, asked for its port, and ended.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Starts `command` with "{port-file}" in its arguments replaced, and resolves when it has written its port there.
export async function startServer(command, args) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-test-'));
  const portFile = join(folder, 'port');
  const child = spawn(command, args.map((arg) => arg.replace('{port-file}', portFile)), {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const port = await new Promise((resolve, reject) => {
    const read = () => {
      try {
        const text = readFileSync(portFile, 'utf8');
        if (/^\d+\s*$/.test(text)) resolve(Number(text));
      } catch {}
    };
    const watcher = watch(folder, read);
    const done = (finish) => (value) => (watcher.close(), finish(value));
    [resolve, reject] = [done(resolve), done(reject)];
    child.once('error', reject);
    exited.then(({ code, signal }) => reject(new Error(`${command} ended before it served: ${signal ?? code}`)));
    read();
  });
  return {
    port,
    // Asks it to end, and answers how it did.
    async stop() {
      child.kill('SIGTERM');
      const ending = await exited;
      rmSync(folder, { recursive: true, force: true });
      return ending;
    },
  };
}
