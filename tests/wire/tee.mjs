// Stands between a client and a stdio server, and writes what both said to the file that WEIR_WIRE_LOG names (record.h has the form):
//   node tee.mjs COMMAND ARGS...
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const heard = { asked: [], said: [] };
process.stdin.on('data', (bytes) => { heard.asked.push(bytes); child.stdin.write(bytes); });
process.stdin.on('end', () => child.stdin.end());
child.stdin.on('error', () => {});
child.stdout.on('data', (bytes) => { heard.said.push(bytes); process.stdout.write(bytes); });
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => {
  const text = (chunks) => Buffer.concat(chunks).toString('utf8');
  if (heard.said.length > 0) {
    appendFileSync(process.env.WEIR_WIRE_LOG,
      `${JSON.stringify({ over: 'stdio', version: [], asked: text(heard.asked), said: text(heard.said), events: false })}\n`);
  }
  process.exitCode = code ?? 1;
});
