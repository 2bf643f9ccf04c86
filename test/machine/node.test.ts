import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNodeLab } from './node-lab.ts';
import type { NodeLab } from './node-lab.ts';

let lab: NodeLab;
beforeAll(async () => {
  lab = await openNodeLab('one', 71);
});
afterAll(() => lab?.cleanup());

test('a pod runs, with the status and the events of Kubernetes', async () => {
  const from = performance.now();
  lab.create('first');
  const pod = await lab.ready('first');
  console.log('ready after', performance.now() - from, JSON.stringify(pod.status, undefined, 1));
  console.log(lab.events('first').map((e) => `${e.type} ${e.reason} ${e.message} ${e.count}`));
  console.log(
    await lab.sh(
      'first',
      'id; cat /etc/hosts /etc/resolv.conf; env; ls -l /var/run/secrets/kubernetes.io/serviceaccount; hostname; exit 7',
    ),
  );
  expect(pod.status?.phase).toBe('Running');
});
