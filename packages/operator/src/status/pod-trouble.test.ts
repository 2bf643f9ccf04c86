import type { ContainerStatus, Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { memberOf } from '../observe/member.ts';
import type { Member } from '../observe/observed.ts';
import { testPod } from '../testing/cluster.ts';
import { podTrouble } from './pod-trouble.ts';

const container = {
  name: 'postgres',
  image: 'registry.example/postgres:1',
  imageID: '',
  ready: false,
  restartCount: 0,
};

function troubleOf(status: Pod['status']) {
  const pod = { ...testPod({ ordinal: 0, running: false }), status } as Pod;
  return podTrouble(memberOf('acid-demo', pod) as Member);
}

const waiting = (reason: string, message?: string): ContainerStatus => ({
  ...container,
  state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
});
const ended = { exitCode: 1, reason: 'Error', message: 'PGVERSION 99 is not here\n' };

test.each<[string, Pod['status'], string, string[]]>([
  [
    'an image that cannot be pulled',
    { containerStatuses: [waiting('ErrImagePull', 'not found')] },
    'ImagePull',
    ['registry.example/postgres:1', 'docker_image', 'kubectl describe pod acid-demo-0'],
  ],
  ['a name that is none', { containerStatuses: [waiting('InvalidImageName')] }, 'ImageName', ['correct it']],
  [
    'a missing Secret',
    { containerStatuses: [waiting('CreateContainerConfigError', 'secret "x" not found')] },
    'ContainerConfiguration',
    ['secret "x" not found'],
  ],
  [
    'a container that ends at once',
    { containerStatuses: [{ ...waiting('CrashLoopBackOff'), lastState: { terminated: ended } }] },
    'ContainerCrashes',
    ['exit code 1', 'PGVERSION 99 is not here', '--previous'],
  ],
  [
    'too little memory',
    { containerStatuses: [{ ...container, state: { terminated: { ...ended, reason: 'OOMKilled' } } }] },
    'OutOfMemory',
    ['spec.resources.limits.memory'],
  ],
  [
    'an init container that fails',
    {
      initContainerStatuses: [{ ...container, name: 'date', state: { terminated: ended } }],
      containerStatuses: [waiting('PodInitializing')],
    },
    'ContainerCrashes',
    ['container date'],
  ],
  [
    'no room',
    {
      conditions: [
        { type: 'PodScheduled', status: 'False', message: '0/1 nodes available: 1 Insufficient cpu.' },
      ],
    },
    'Unschedulable',
    ['Insufficient cpu', 'spec.resources.requests'],
  ],
  [
    'a node that does not suit',
    {
      conditions: [
        { type: 'PodScheduled', status: 'False', message: "1 node(s) didn't match Pod's node affinity" },
      ],
    },
    'Unschedulable',
    ['tolerations'],
  ],
  [
    'a volume that is not there yet',
    {
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          message: 'pod has unbound immediate PersistentVolumeClaims',
        },
      ],
    },
    'VolumePending',
    ['spec.volume.storageClass'],
  ],
  ['an evicted pod', { phase: 'Failed', reason: 'Evicted', message: 'disk' }, 'PodFailed', ['Evicted: disk']],
])('%s', (_, status, reason, words) => {
  const trouble = troubleOf(status);
  expect(trouble?.reason).toBe(reason);
  for (const word of words) expect(trouble?.message).toContain(word);
});

test('what every pod goes through is no trouble', () => {
  expect(troubleOf({ phase: 'Pending', containerStatuses: [waiting('ContainerCreating')] })).toBeUndefined();
  expect(troubleOf({ phase: 'Pending' })).toBeUndefined();
  expect(podTrouble(memberOf('acid-demo', testPod({ ordinal: 0 })) as Member)).toBeUndefined();
  expect(
    podTrouble(memberOf('acid-demo', testPod({ ordinal: 0, deleting: true })) as Member),
  ).toBeUndefined();
});

test('kubelet trying again changes no word', () => {
  const one = troubleOf({ containerStatuses: [waiting('ErrImagePull', 'manifest unknown')] });
  const other = troubleOf({ containerStatuses: [waiting('ImagePullBackOff', 'Back-off pulling image')] });
  expect(one).toEqual(other);
  const crashed = { ...waiting('CrashLoopBackOff', 'back-off 10s'), lastState: { terminated: ended } };
  const later = { ...waiting('CrashLoopBackOff', 'back-off 20s'), lastState: { terminated: ended } };
  expect(troubleOf({ containerStatuses: [crashed] })).toEqual(troubleOf({ containerStatuses: [later] }));
});
