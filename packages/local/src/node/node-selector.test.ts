import type { Node, Pod, PodSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { misfit } from './node-selector.ts';

const node: Node = { metadata: { name: 'n', labels: { disk: 'ssd', cores: '8', host: 'n' } } };
const pod = (spec: Partial<PodSpec>, labels: Record<string, string> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'team', labels },
  spec: { containers: [], ...spec },
});
const nodeAffinity = (...matchExpressions: object[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions } as never] },
    },
  },
});
const antiAffinity = (app: string): Partial<PodSpec> => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'host', labelSelector: { matchLabels: { app } } },
      ],
    },
  },
});

test.each<[string, Partial<PodSpec>, string | undefined]>([
  ['nothing', {}, undefined],
  ['selector', { nodeSelector: { disk: 'ssd' } }, undefined],
  ['other selector', { nodeSelector: { disk: 'hdd' } }, "node(s) didn't match Pod's node affinity/selector"],
  ['In', nodeAffinity({ key: 'disk', operator: 'In', values: ['ssd'] }), undefined],
  ['Gt', nodeAffinity({ key: 'cores', operator: 'Gt', values: ['4'] }), undefined],
  [
    'and',
    nodeAffinity({ key: 'disk', operator: 'Exists' }, { key: 'gpu', operator: 'Exists' }),
    "node(s) didn't match Pod's node affinity/selector",
  ],
  ['empty term', nodeAffinity(), "node(s) didn't match Pod's node affinity/selector"],
])('%s', (_, spec, expected) => {
  expect(misfit(pod(spec), node, [])).toBe(expected);
});

test('taints keep away what does not tolerate them', () => {
  const tainted: Node = { ...node, spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } };
  expect(misfit(pod({}), tainted, [])).toBe('node(s) had untolerated taint {k: v}');
  expect(misfit(pod({ tolerations: [{ key: 'k', operator: 'Exists' }] }), tainted, [])).toBeUndefined();
  expect(misfit(pod({ tolerations: [{ key: 'k', value: 'w' }] }), tainted, [])).toBeDefined();
  expect(misfit(pod({}), { ...node, spec: { unschedulable: true } }, [])).toBe('node(s) were unschedulable');
});

test('anti-affinity holds in both directions, and within its namespace', () => {
  const db = pod(antiAffinity('db'), { app: 'db' });
  expect(misfit(db, node, [])).toBeUndefined();
  expect(misfit(db, node, [db])).toBe("node(s) didn't match pod anti-affinity rules");
  expect(misfit(pod({}, { app: 'db' }), node, [db])).toBe(
    "node(s) didn't satisfy existing pods anti-affinity rules",
  );
  const elsewhere = { ...db, metadata: { ...db.metadata, namespace: 'other' } };
  expect(misfit(db, node, [elsewhere])).toBeUndefined();
});

test('anti-affinity reaches the namespaces that it names or selects by label', () => {
  const labelsOf = (name: string): Record<string, string> => (name === 'other' ? { kind: 'db' } : {});
  const wide = (term: object): Pod =>
    pod(
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'host', labelSelector: { matchLabels: { app: 'db' } }, ...term },
            ],
          },
        },
      },
      { app: 'db' },
    );
  const there = pod({}, { app: 'db' });
  const elsewhere = { ...there, metadata: { ...there.metadata, namespace: 'other' } };
  const keptAway = (term: object, other: Pod): boolean =>
    misfit(wide(term), node, [other], labelsOf) !== undefined;
  expect(keptAway({ namespaces: ['other'] }, elsewhere)).toBe(true);
  expect(keptAway({ namespaces: ['other'] }, there)).toBe(false);
  expect(keptAway({ namespaceSelector: {} }, elsewhere)).toBe(true);
  expect(keptAway({ namespaceSelector: { matchLabels: { kind: 'db' } } }, elsewhere)).toBe(true);
  expect(keptAway({ namespaceSelector: { matchLabels: { kind: 'db' } } }, there)).toBe(false);
  expect(keptAway({ namespaces: [] }, there)).toBe(true);
});

test('spread: the label has to be there, and one node is one domain', () => {
  const spread = (more: object): Pod =>
    pod(
      {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'host',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'db' } },
            ...more,
          },
        ],
      },
      { app: 'db' },
    );
  const there = [pod({}, { app: 'db' })];
  const words = "node(s) didn't match pod topology spread constraints";
  expect(misfit(spread({}), node, there)).toBeUndefined();
  expect(misfit(spread({ topologyKey: 'zone' }), node, [])).toBe(`${words} (missing required label)`);
  const anyway = { topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' };
  expect(misfit(spread(anyway), node, [])).toBeUndefined();
  expect(misfit(spread({ minDomains: 2 }), node, [])).toBeUndefined();
  expect(misfit(spread({ minDomains: 2 }), node, there)).toBe(words);
  expect(misfit(spread({ minDomains: 2, maxSkew: 2 }), node, there)).toBeUndefined();
});

test('a port of the machine is given once', () => {
  const open = (hostPort: number, more: object = {}): Pod =>
    pod({ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...more }] }] });
  const words = "node(s) didn't have free ports for the requested pod ports";
  expect(misfit(open(8080), node, [open(8080)])).toBe(words);
  expect(misfit(open(8080), node, [open(8081), open(8080, { protocol: 'UDP' })])).toBeUndefined();
  expect(misfit(open(8080, { hostIP: '127.0.0.1' }), node, [open(8080)])).toBe(words);
  const apart = [open(8080, { hostIP: '127.0.0.2' })];
  expect(misfit(open(8080, { hostIP: '127.0.0.1' }), node, apart)).toBeUndefined();
});
