import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { shellPod, useLab } from '../support/lab.ts';

const lab = useLab('leases-events');

test('leases keep microseconds, and writes race by resourceVersion (concepts/architecture/leases)', async () => {
  const path = lab.in('coordination.k8s.io/v1', 'leases');
  const renewTime = '2024-05-06T07:08:09.123456Z';
  const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime, leaseTransitions: 0 };
  const lease = await lab.ok('POST', path, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec,
  });
  expect(lease.spec).toEqual(spec);
  await lab.ok('PUT', `${path}/l`, { ...lease, spec: { ...spec, holderIdentity: 'b' } });
  const late = await lab.request('PUT', `${path}/l`, {
    body: { ...lease, spec: { ...spec, holderIdentity: 'c' } },
  });
  expect(late.code).toBe(409);
  const wrong = await lab.request('POST', path, {
    body: { ...lease, metadata: { name: 'w' }, spec: { ...spec, leaseDurationSeconds: 0 } },
  });
  expect(wrong.code).toBe(422);
});

test('events tell of pods, and are found by what they are about (tasks/debug/debug-application/debug-running-pod)', async () => {
  await lab.ok('POST', lab.in('v1', 'pods'), shellPod(lab.image, 'told', 'true'));
  const selector = encodeURIComponent('involvedObject.kind=Pod,involvedObject.name=told');
  const reasons = await eventually('the pod was started', async () => {
    const { items } = await lab.ok('GET', `${lab.in('v1', 'events')}?fieldSelector=${selector}`);
    const all = items.map((event: { reason: string }) => event.reason);
    return all.includes('Started') ? all : undefined;
  });
  expect(reasons).toEqual(expect.arrayContaining(['Scheduled', 'Created', 'Started']));
});

test('the two groups of events show the same (reference/kubernetes-api/cluster-resources/event-v1)', async () => {
  await lab.ok('POST', lab.in('v1', 'events'), {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'mine' },
    involvedObject: { kind: 'ConfigMap', namespace: lab.namespace, name: 'x' },
    reason: 'Said',
    message: 'a note',
    type: 'Normal',
  });
  const { code, body } = await lab.request('GET', lab.in('events.k8s.io/v1', 'events', 'mine'));
  expect(code).toBe(200);
  expect(body).toMatchObject({ reason: 'Said', note: 'a note', regarding: { name: 'x' } });
});
