import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBackground } from '../support/background.ts';
import { eventually } from '../support/eventually.ts';
import { pgherd, removeInstance, run, suiteHome } from '../support/instance.ts';

const home = suiteHome('local-up');
const at = ['--home', home];

beforeAll(() => removeInstance(home));
afterAll(() => removeInstance(home));

test('a machine that cannot run pods is told so in one sentence, and what is repaired is noticed', async () => {
  const broken = { DOCKER_HOST: 'unix:///nonexistent/engine.sock' };
  const first = await run(pgherd, ['local', 'up', '--no-operator', ...at], { env: broken });
  expect(first.code).toBe(1);
  expect(first.stderr).toContain(
    'this machine cannot run pods: DOCKER_HOST is unix:///nonexistent/engine.sock',
  );
  const status = await run(pgherd, ['local', 'status', ...at]);
  expect(status).toMatchObject({ code: 0 });
  expect(status.stdout).toContain('cannot run: DOCKER_HOST');

  // The API works without pods.
  const kubeconfig = (await run(pgherd, ['local', 'kubeconfig', ...at])).stdout.trim();
  const namespaces = await run('kubectl', ['--kubeconfig', kubeconfig, 'get', 'namespaces', '-o', 'name']);
  expect(namespaces.stdout).toContain('namespace/kube-system');

  expect(await run(pgherd, ['local', 'down', ...at])).toMatchObject({ code: 0 });
  expect(await run(pgherd, ['local', 'up', '--no-operator', ...at])).toMatchObject({ code: 0, stderr: '' });
});

test('an operator that waits for a right configuration is no success, and takes one without being restarted', async () => {
  writeFileSync(`${home}/operator.yaml`, 'min_instances: many\n');
  const failed = await run(pgherd, ['local', 'up', ...at]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/min_instances: .*many.*no cluster is touched until it is right/);
  writeFileSync(`${home}/operator.yaml`, 'min_instances: 1\n');
  expect(await run(pgherd, ['local', 'up', ...at])).toMatchObject({ code: 0 });
  await eventually('the operator runs', () => findBackground(home, 'operator'));
  expect((await run(pgherd, ['local', 'status', '-o', 'json', ...at])).stdout).toContain(
    '"state": "running"',
  );
});
