// oxlint-disable vitest/expect-expect -- `placed` and `pending` assert by waiting.
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { shellPod, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
const lab = useLab('scheduling');
const path = (...rest: string[]): string => lab.in('v1', 'pods', ...rest);
/** All nodes of the clusters that this may run on have the same value of it. */
const everywhere = 'kubernetes.io/os';

const make = (name: string, spec: object, command = 'sleep 100000'): Promise<Loose> =>
  lab.ok(
    'POST',
    path(),
    shellPod(lab.image, name, command, { labels: { app: name.split('-')[0] ?? '' }, spec }),
  );
const scheduled = async (name: string): Promise<Loose> =>
  ((await lab.ok('GET', path(name))).status.conditions ?? []).find(
    (each: Loose) => each.type === 'PodScheduled',
  );
const placed = (name: string): Promise<Loose> =>
  eventually(`${name} is scheduled`, async () => (await scheduled(name))?.status === 'True');
const pending = (name: string, why: string): Promise<Loose> =>
  eventually(`${name} waits: ${why}`, async () => {
    const condition = await scheduled(name);
    return (
      condition?.status === 'False' && condition.reason === 'Unschedulable' && condition.message.includes(why)
    );
  });
const rule = (app: string, more: object = {}): object => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    { topologyKey: everywhere, labelSelector: { matchLabels: { app } }, ...more },
  ],
});

test('required anti-affinity keeps a second pod away until the first is gone (#inter-pod-affinity-and-anti-affinity)', async () => {
  const affinity = { podAntiAffinity: rule('apart') };
  await make('apart-0', { affinity });
  await placed('apart-0');
  await make('apart-1', { affinity });
  await pending('apart-1', "didn't match pod anti-affinity rules");
  await lab.ok('DELETE', path('apart-0'));
  await placed('apart-1');
  // One that has ended is no longer there.
  const short = { affinity: { podAntiAffinity: rule('short') } };
  await make('short-0', short, 'sleep 2');
  await placed('short-0');
  await make('short-1', short);
  await placed('short-1');
});

test('required affinity wants a pod that is there; other namespaces are selected by label', async () => {
  await make('seeks-0', { affinity: { podAffinity: rule('found') } });
  await pending('seeks-0', "didn't match pod affinity rules");
  await make('found-0', {});
  await placed('seeks-0');
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } };
  await make('found-1', { affinity: { podAntiAffinity: rule('found', { namespaceSelector }) } });
  await placed('found-1');
});

test('node selector and node affinity (#nodeselector, #node-affinity)', async () => {
  await make('selects-0', { nodeSelector: { 'conformance/none': 'here' } });
  await pending('selects-0', "didn't match Pod's node affinity/selector");
  const matchExpressions = [{ key: everywhere, operator: 'In', values: ['linux'] }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  await make('selects-1', {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
  });
  await placed('selects-1');
});

test('topology spread: the label must be there, more domains than exist are waited for (topology-spread-constraints)', async () => {
  const spread = (more: object): object => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: everywhere,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'spread' } },
        ...more,
      },
    ],
  });
  await make('spread-0', spread({ minDomains: 2 }));
  await placed('spread-0');
  await make('spread-1', spread({ minDomains: 2 }));
  await pending('spread-1', "didn't match pod topology spread constraints");
  await make('spread-2', spread({ topologyKey: 'conformance/none' }));
  await pending('spread-2', 'missing required label');
  await make('spread-3', spread({ topologyKey: 'conformance/none', whenUnsatisfiable: 'ScheduleAnyway' }));
  await placed('spread-3');
});

test('a pod for another scheduler is left to it (tasks/extend-kubernetes/configure-multiple-schedulers)', async () => {
  await make('other-0', { schedulerName: 'conformance-none' });
  await make('usual-0', {});
  await placed('usual-0');
  expect(await scheduled('other-0')).toBeUndefined();
  expect((await lab.ok('GET', path('other-0'))).status.phase).toBe('Pending');
});

test('what cannot be is refused (pod-v1/#scheduling)', async () => {
  const refused = async (spec: object): Promise<string[]> => {
    const body = shellPod(lab.image, 'refused', 'true', { spec });
    const answer = await lab.request('POST', path(), { body });
    expect(answer.code).toBe(422);
    return answer.body.details.causes.map((cause: Loose) => cause.field);
  };
  expect(await refused({ tolerations: [{ operator: 'Exists', key: 'a', value: 'b' }] })).toEqual([
    'spec.tolerations[0].operator',
  ]);
  expect(await refused({ affinity: { podAntiAffinity: rule('x', { topologyKey: '' }) } })).toContain(
    'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey',
  );
});
