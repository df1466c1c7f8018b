// The commands as a person types them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, two_models } from './stage.mjs';

const staged = (name, run) => test(name, { timeout: 60_000 }, async () => {
  const stage = new Stage();
  try { await run(stage); } finally { await stage.close(); }
});
const env = { OPENAI_API_KEY: 'sk-secret-marker' };

staged('call prints the answer on stdout and what it cost on stderr', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const config = stage.file('weir.toml', two_models(simulator));
  const article = stage.file('article.txt', 'The first sentence. The second sentence. The third sentence.');
  const weir = stage.run('weir', ['call', 'summarise', '--config', config, '--arg', `text=@${article}`, '--arg', 'sentences=2'], { env });
  assert.equal((await weir.exit).code, 0);
  assert.equal(weir.text.stdout, 'The first sentence. The second sentence.\n');
  assert.match(weir.text.stderr, /\[tight: \d+ tokens in .* waited 0 ms, .* cost in USD \d/);
});

staged('call says what is wrong and ends with 1', async (stage) => {
  const simulator = await stage.simulator('--latency', '1..2');
  const config = stage.file('weir.toml', two_models(simulator));
  for (const [args, message] of [
    [['sumarise'], /no tool named "sumarise"; did you mean "summarise"\?/],
    [['summarise'], /missing "text"/],
    [['summarise', '--arg', 'text=x', '--arg', 'sentences=two'], /arguments\.sentences/],
    [['summarise', '--arg', 'text'], /expected NAME=VALUE/],
    [['summarise', '--arg', 'text=@/no/such/file'], /cannot read the file "\/no\/such\/file"/],
    [['summarise', '--json', '[1]'], /not a JSON object/],
  ]) {
    const weir = stage.run('weir', ['call', '--config', config, ...args], { env });
    assert.equal((await weir.exit).code, 1, args.join(' '));
    assert.match(weir.text.stderr, message);
    assert.equal(weir.text.stdout, '');
  }
});

staged('check prints the configuration in force without secrets, or every mistake', async (stage) => {
  const good = stage.run('weir', ['check', '--config', stage.file('good.toml', two_models({ port: 1 }, { tight: 'rpm = 60' }))], { env });
  assert.equal((await good.exit).code, 0);
  assert.match(good.text.stdout, /rpm_burst = 1/);
  assert.match(good.text.stdout, /env:OPENAI_API_KEY/);
  assert.ok(!(good.text.stdout + good.text.stderr).includes('sk-secret-marker'));

  const bad = stage.run('weir', ['check', '--config', stage.file('bad.toml', two_models({ port: 1 }, { tight: 'rmp = 60', wide: 'tpm = "many"' }))], { env });
  assert.equal((await bad.exit).code, 1);
  assert.match(bad.text.stderr, /bad\.toml:\d+: .*"rmp"; did you mean "rpm"\?/);
  assert.match(bad.text.stderr, /bad\.toml:\d+: .*tpm/);
  assert.match(bad.text.stderr, /2 mistakes/);
});

staged('tools lists what there is', async (stage) => {
  const weir = stage.run('weir', ['tools', '--config', stage.file('weir.toml', two_models({ port: 1 }))], { env });
  assert.equal((await weir.exit).code, 0);
  assert.match(weir.text.stdout, /^summarise +tight +sentences\?, text +Summarise a text\.$/m);
});

staged('without a configuration it says where one would be looked for', async (stage) => {
  const weir = stage.run('weir', ['tools'], { cwd: stage.folder, env: { HOME: stage.folder } });
  assert.equal((await weir.exit).code, 1);
  assert.match(weir.text.stderr, /--config or \$WEIR_CONFIG, or put it at weir\.toml or .*\.config\/weir\/weir\.toml/);
});
