import type { Deployment } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { testObserved } from '../testing/cluster.ts';
import { poolerTroubles } from './pooler-trouble.ts';

function troublesOf(status: NonNullable<Deployment['status']>, name = 'acid-demo-pooler') {
  const object = { metadata: { namespace: 'default', name }, spec: { replicas: 2 }, status };
  return poolerTroubles(testObserved([{ kind: kinds.deployment, object }]));
}

test('a pooler that starts or runs is no trouble, nor is none', () => {
  expect(poolerTroubles(testObserved([]))).toEqual([]);
  expect(troublesOf({})).toEqual([]);
  const conditions = [
    { type: 'Available', status: 'False' },
    { type: 'Progressing', status: 'True' },
  ];
  expect(troublesOf({ conditions })).toEqual([]);
});

test.each(['acid-demo-pooler', 'acid-demo-pooler-repl'])('%s: what Kubernetes gave up on', (name) => {
  const message = 'ReplicaSet "x" has timed out progressing.';
  const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message }];
  const [trouble] = troublesOf({ readyReplicas: 1, conditions }, name);
  expect(trouble?.reason).toBe('PoolerStuck');
  expect(trouble?.message).toBe(
    `1 of 2 pods of the connection pooler ${name} are ready (${message}): kubectl describe pods -l connection-pooler=${name} says why`,
  );
});

test('pods that may not be made', () => {
  const conditions = [
    { type: 'Progressing', status: 'True' },
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
  ];
  expect(troublesOf({ conditions }).map(({ message }) => message)).toEqual([
    expect.stringContaining(
      '0 of 2 pods of the connection pooler acid-demo-pooler are ready (exceeded quota)',
    ),
  ]);
});
