import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { printPlan } from './print.ts';
import type { Step } from './step.ts';

function step(what: string, more: Partial<Step> = {}): Step {
  return {
    what,
    why: [],
    disturbs: 'nothing',
    action: { type: 'apply', kind: kinds.service, object: { metadata: { name: 'x' } } },
    ...more,
  };
}

test('nothing to do is said in three words', () => {
  expect(printPlan({ tracks: [] })).toBe('Nothing to do.\n');
});

test('a rolling update: by subject, in order, each reason once, and what is felt of it', () => {
  const why = [
    'spec.containers[name=postgres].image: pgherd/postgres:17.5 → pgherd/postgres:17.6',
    'spec.priorityClassName: (unset) → high',
  ];
  const plan = {
    tracks: [
      {
        name: 'objects' as const,
        steps: [step('update service acid-demo', { why: ['spec.type: ClusterIP → LoadBalancer'] })],
      },
      {
        name: 'pods' as const,
        steps: [
          step('update statefulset acid-demo', { why }),
          step('replace pod acid-demo-2', { why, disturbs: 'restart', waitFor: 'acid-demo-1 streams' }),
          step('replace pod acid-demo-1', { why, disturbs: 'restart' }),
          step('switch over from acid-demo-0 to acid-demo-1', {
            why: ['the primary is replaced last'],
            disturbs: 'switchover',
          }),
          step('replace pod acid-demo-0', { why, disturbs: 'restart' }),
        ],
      },
    ],
  };
  expect(printPlan(plan)).toBe(`\
Objects
   1. update service acid-demo
        spec.type: ClusterIP → LoadBalancer

Pods
   2. update statefulset acid-demo
        spec.containers[name=postgres].image: pgherd/postgres:17.5 → pgherd/postgres:17.6
        spec.priorityClassName: (unset) → high
   3. replace pod acid-demo-2                      restart
        for the same reasons
        waits until acid-demo-1 streams
   4. replace pod acid-demo-1                      restart
        for the same reasons
   5. switch over from acid-demo-0 to acid-demo-1  switchover
        the primary is replaced last
   6. replace pod acid-demo-0                      restart
        spec.containers[name=postgres].image: pgherd/postgres:17.5 → pgherd/postgres:17.6
        spec.priorityClassName: (unset) → high

6 steps. What is noticed:
  restart     connections to this member or pooler end, the others go on
  switchover  another member becomes the primary: writes wait for some seconds, its connections end
`);
});

test('a plan that nobody notices says so', () => {
  const tracks = [{ name: 'database' as const, steps: [step('bring roles and databases in line')] }];
  expect(printPlan({ tracks })).toBe(`\
Roles and databases
   1. bring roles and databases in line

1 step. Nobody who uses the database notices.
`);
});
