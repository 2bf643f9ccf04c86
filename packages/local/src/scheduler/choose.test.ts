import type { Node, Pod, PodSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { choose } from './choose.ts';
import type { NamespaceLabels } from './cluster.ts';

const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

const node = (name: string, more: { labels?: object; spec?: object; allocatable?: object } = {}): Node => ({
  metadata: { name, labels: { [HOST]: name, ...more.labels } },
  spec: { ...more.spec },
  status: { allocatable: { cpu: '2', memory: '4Gi', pods: '110', ...more.allocatable } },
});
const pod = (spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}, nodeName?: string): Pod => ({
  metadata: { name: 'p', namespace: 'team', labels },
  spec: { containers: [], ...spec, ...(nodeName === undefined ? {} : { nodeName }) },
});
const on = (nodeName: string, labels: Record<string, string>, spec: Partial<PodSpec> = {}): Pod =>
  pod(spec, labels, nodeName);
const asks = (requests: Record<string, string>, limits: Record<string, string> = {}): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', resources: { requests, limits } }],
});
/** The node's name, or the message. */
const place = (
  wanted: Pod,
  nodes: Node[],
  placed: Pod[] = [],
  more: { labelsOf?: NamespaceLabels; tentative?: string } = {},
): string => {
  const cluster = { nodes, placed, labelsOf: more.labelsOf ?? ((): Record<string, string> => ({})) };
  const choice = choose(wanted, cluster, () => undefined, more.tentative);
  return 'node' in choice ? (choice.node.metadata.name ?? '') : choice.message;
};

const three = [node('a'), node('b'), node('c')];
const selector = { labelSelector: { matchLabels: { app: 'db' } } };
const rules = (...terms: object[]): never =>
  ({ requiredDuringSchedulingIgnoredDuringExecution: terms }) as never;
const wishes = (weight: number, term: object): never =>
  ({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term }] }) as never;
const near = (topologyKey: string, more: object = {}): Partial<PodSpec> => ({
  affinity: { podAffinity: rules({ topologyKey, ...selector, ...more }) },
});
const apart = (topologyKey: string, more: object = {}): Partial<PodSpec> => ({
  affinity: { podAntiAffinity: rules({ topologyKey, ...selector, ...more }) },
});
const requires = (...matchExpressions: object[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions } as never] },
    },
  },
});
const spread = (more: object = {}): Partial<PodSpec> => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: HOST, whenUnsatisfiable: 'DoNotSchedule', ...selector, ...more },
  ],
});
const db = { app: 'db' };

test('without nodes there is none', () => {
  expect(place(pod(), [])).toBe('no nodes available to schedule pods');
});

test('the message counts the reasons of all nodes, in order', () => {
  const nodes = [
    node('a', { spec: { unschedulable: true } }),
    node('b', { allocatable: { cpu: '1', memory: '1Gi' } }),
    node('c', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }),
    node('d', { spec: { unschedulable: true } }),
  ];
  expect(place(pod(asks({ cpu: '2', memory: '2Gi' })), nodes)).toBe(
    '0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 node(s) had untolerated taint {k: v}, ' +
      '2 node(s) were unschedulable.',
  );
});

test.each<[string, Partial<PodSpec>, string]>([
  ['a selector', { nodeSelector: { disk: 'ssd' } }, 'b'],
  ['In', requires({ key: 'disk', operator: 'In', values: ['ssd'] }), 'b'],
  ['NotIn', requires({ key: 'disk', operator: 'NotIn', values: ['hdd'] }), 'b'],
  ['Gt', requires({ key: 'cores', operator: 'Gt', values: ['4'] }), 'b'],
  ['DoesNotExist', requires({ key: 'gpu', operator: 'DoesNotExist' }), 'b'],
])('required node affinity: %s', (_, spec, name) => {
  const nodes = [
    node('a', { labels: { disk: 'hdd', cores: '2', gpu: 'yes' } }),
    node('b', { labels: { disk: 'ssd', cores: '8' } }),
  ];
  expect(place(pod(spec), nodes)).toBe(name);
});

test('requirements of one term belong together, and a term without any matches nothing', () => {
  const refusal = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
  const [one] = [[node('a', { labels: { disk: 'ssd' } })]];
  const both = [
    { key: 'disk', operator: 'Exists' },
    { key: 'gpu', operator: 'Exists' },
  ];
  expect(place(pod(requires(...both)), one)).toBe(refusal);
  expect(place(pod(requires()), one)).toBe(refusal);
});

test('preferred node affinity: the heavier sum wins', () => {
  const prefer = (weight: number, value: string): object => ({
    weight,
    preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: [value] }] },
  });
  const nodes = [node('a', { labels: { disk: 'hdd' } }), node('b', { labels: { disk: 'ssd' } })];
  const wants = (...preferences: object[]): Pod =>
    pod({
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferences as never } },
    });
  expect(place(wants(prefer(10, 'hdd'), prefer(20, 'ssd')), nodes)).toBe('b');
  expect(place(wants(prefer(10, 'hdd'), prefer(5, 'ssd')), nodes)).toBe('a');
});

test('taints keep away what does not tolerate them; PreferNoSchedule only as long as there is another node', () => {
  const tainted = (effect: string): Node =>
    node('a', { spec: { taints: [{ key: 'k', value: 'v', effect }] } });
  for (const effect of ['NoSchedule', 'NoExecute']) {
    expect(place(pod(), [tainted(effect)])).toContain('1 node(s) had untolerated taint {k: v}');
    expect(place(pod({ tolerations: [{ key: 'k', operator: 'Exists' }] }), [tainted(effect)])).toBe('a');
    expect(place(pod({ tolerations: [{ operator: 'Exists' }] }), [tainted(effect)])).toBe('a');
    expect(place(pod({ tolerations: [{ key: 'k', value: 'w' }] }), [tainted(effect)])).toContain('taint');
    const other = effect === 'NoSchedule' ? 'NoExecute' : 'NoSchedule';
    expect(
      place(pod({ tolerations: [{ key: 'k', value: 'v', effect: other }] }), [tainted(effect)]),
    ).toContain('taint');
  }
  expect(place(pod(), [tainted('PreferNoSchedule'), node('b')])).toBe('b');
  expect(place(pod(), [tainted('PreferNoSchedule')])).toBe('a');
});

test('a cordoned node takes only what tolerates it', () => {
  const nodes = [node('a', { spec: { unschedulable: true } })];
  expect(place(pod(), nodes)).toBe('0/1 nodes are available: 1 node(s) were unschedulable.');
  const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }];
  expect(place(pod({ tolerations }), nodes)).toBe('a');
});

test('required anti-affinity, over nodes and over zones, in both directions', () => {
  expect(place(pod(apart(HOST), db), three, [on('a', db)])).toBe('b');
  expect(place(pod(apart(HOST), db), three, [on('a', db), on('b', db), on('c', db)])).toBe(
    "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
  );
  const zoned = [
    node('a', { labels: { [ZONE]: '1' } }),
    node('b', { labels: { [ZONE]: '1' } }),
    node('c', { labels: { [ZONE]: '2' } }),
  ];
  expect(place(pod(apart(ZONE), db), zoned, [on('a', db)])).toBe('c');
  // The pod that is there repels the new one, which has no rule of its own.
  expect(place(pod({}, db), [node('a')], [on('a', {}, apart(HOST))])).toBe(
    "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  );
  expect(place(pod({}, { app: 'web' }), [node('a')], [on('a', {}, apart(HOST))])).toBe('a');
});

test('required affinity: beside the other, or the first of a group anywhere', () => {
  expect(place(pod(near(HOST), {}), three, [on('b', db)])).toBe('b');
  expect(place(pod(near(HOST), {}), three)).toBe(
    "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
  );
  expect(place(pod(near(HOST), db), three)).toBe('a');
  // Without the label that the rule is about a node is never right.
  expect(place(pod(near('rack'), db), three)).toContain("didn't match pod affinity rules");
  const zoned = [node('a', { labels: { [ZONE]: '1' } }), node('b', { labels: { [ZONE]: '2' } })];
  expect(place(pod(near(ZONE), {}), zoned, [on('b', db)])).toBe('b');
});

test('rules reach the namespaces that they name or select by label, otherwise their own', () => {
  const labelsOf = (name: string): Record<string, string> => (name === 'other' ? { kind: 'db' } : {});
  const there = on('a', db);
  const elsewhere = { ...there, metadata: { ...there.metadata, namespace: 'other' } };
  const keptAway = (term: object, other: Pod): boolean =>
    place(pod(apart(HOST, term), db), [node('a')], [other], { labelsOf }) !== 'a';
  expect(keptAway({}, there)).toBe(true);
  expect(keptAway({}, elsewhere)).toBe(false);
  expect(keptAway({ namespaces: ['other'] }, elsewhere)).toBe(true);
  expect(keptAway({ namespaces: ['other'] }, there)).toBe(false);
  expect(keptAway({ namespaceSelector: {} }, elsewhere)).toBe(true);
  expect(keptAway({ namespaceSelector: { matchLabels: { kind: 'db' } } }, there)).toBe(false);
});

test('preferred affinity draws, preferred anti-affinity drives away, also that of pods that are there', () => {
  const term = { topologyKey: HOST, ...selector };
  expect(place(pod({ affinity: { podAffinity: wishes(50, term) } }), three, [on('c', db)])).toBe('c');
  const away = { affinity: { podAntiAffinity: wishes(50, term) } };
  expect(place(pod(away), three, [on('a', db), on('b', db)])).toBe('c');
  expect(place(pod({}, db), three, [on('a', {}, away), on('b', {}, away)])).toBe('c');
});

test('matchLabelKeys: only pods of the same revision count', () => {
  const rule = apart(HOST, { matchLabelKeys: ['revision'] });
  const nodes = [node('a')];
  expect(place(pod(rule, { ...db, revision: '2' }), nodes, [on('a', { ...db, revision: '1' })])).toBe('a');
  expect(place(pod(rule, { ...db, revision: '1' }), nodes, [on('a', { ...db, revision: '1' })])).toContain(
    '0/1',
  );
});

test('DoNotSchedule: no value gets further ahead than maxSkew', () => {
  expect(place(pod(spread(), db), three, [on('a', db), on('b', db)])).toBe('c');
  const refusal = "1 node(s) didn't match pod topology spread constraints";
  const full = [node('a'), node('b', { spec: { unschedulable: true } })];
  // The cordoned node has none, and counts.
  expect(place(pod(spread(), db), full, [on('a', db)])).toContain(refusal);
  expect(place(pod(spread({ maxSkew: 2 }), db), full, [on('a', db)])).toBe('a');
  expect(place(pod(spread({ topologyKey: ZONE }), db), [node('a')])).toBe(
    `0/1 nodes are available: ${refusal} (missing required label).`,
  );
  expect(place(pod(spread({ minDomains: 2 }), db), [node('a')], [on('a', db)])).toContain(refusal);
  expect(place(pod(spread({ minDomains: 2 }), db), [node('a')])).toBe('a');
});

test('DoNotSchedule: nodes where the pod may not go do not count, terminating pods neither', () => {
  const nodes = [node('a', { labels: { disk: 'ssd' } }), node('b')];
  const picky = { ...spread(), nodeSelector: { disk: 'ssd' } };
  expect(place(pod(picky, db), nodes, [on('a', db)])).toBe('a');
  expect(
    place(pod({ ...picky, ...spread({ nodeAffinityPolicy: 'Ignore' }) }, db), nodes, [on('a', db)]),
  ).toContain('topology spread');
  const tainted = [node('a'), node('b', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })];
  expect(place(pod(spread(), db), tainted, [on('a', db)])).toContain('topology spread');
  expect(place(pod(spread({ nodeTaintsPolicy: 'Honor' }), db), tainted, [on('a', db)])).toBe('a');
  const going = on('a', db);
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  expect(place(pod(spread(), db), [node('a'), node('b', { spec: { unschedulable: true } })], [going])).toBe(
    'a',
  );
});

test('ScheduleAnyway: the least crowded, and never a reason to wait', () => {
  const soft = spread({ whenUnsatisfiable: 'ScheduleAnyway' });
  expect(place(pod(soft, db), three, [on('a', db), on('b', db)])).toBe('c');
  expect(place(pod(soft, db), [node('a')], [on('a', db), on('a', db)])).toBe('a');
  expect(place(pod(spread({ whenUnsatisfiable: 'ScheduleAnyway', topologyKey: ZONE }), db), three)).toBe('a');
});

test.each<[string, Partial<PodSpec>, Pod[], string | undefined]>([
  ['what fits', asks({ cpu: '1500m', memory: '4Gi' }), [], undefined],
  ['more than there is', asks({ cpu: '2500m' }), [], 'Insufficient cpu'],
  [
    'what others left',
    asks({ memory: '3Gi' }),
    [on('a', {}, asks({ memory: '2Gi' }))],
    'Insufficient memory',
  ],
  ['a limit counts where no request is', asks({}, { cpu: '3' }), [], 'Insufficient cpu'],
  ['a device that is not there', asks({}, { 'example.com/gpu': '1' }), [], 'Insufficient example.com/gpu'],
  ['room on the disk, which is not accounted for', asks({ 'ephemeral-storage': '1Ei' }), [], undefined],
])('resources: %s', (_, spec, placed, reason) => {
  const answer = place(pod(spec), [node('a')], placed);
  expect(answer).toBe(reason === undefined ? 'a' : `0/1 nodes are available: 1 ${reason}.`);
});

test('resources: init containers run one after the other, sidecars beside all that follows', () => {
  const cpu = (request: string, more: object = {}): never =>
    ({ name: 'c', image: 'i', resources: { requests: { cpu: request } }, ...more }) as never;
  const sidecar = cpu('1', { restartPolicy: 'Always' });
  const fits = (initContainers: never[], containers: never[]): boolean =>
    place(pod({ initContainers, containers }), [node('a')]) === 'a';
  expect(fits([cpu('2'), cpu('2')], [cpu('2')])).toBe(true);
  expect(fits([sidecar], [cpu('1')])).toBe(true);
  expect(fits([sidecar], [cpu('1500m')])).toBe(false);
  expect(fits([sidecar, cpu('1500m')], [])).toBe(false);
});

test('a node takes as many pods as it says, and the emptier one is taken first', () => {
  const small = [node('a', { allocatable: { pods: '1' } })];
  expect(place(pod(), small, [on('a', {})])).toBe('0/1 nodes are available: 1 Too many pods.');
  const idle = asks({});
  expect(place(pod(idle), three, [on('a', {}, idle), on('b', {}, idle)])).toBe('c');
  expect(place(pod(asks({ cpu: '100m' })), three, [on('a', {}, asks({ cpu: '1' }))])).toBe('b');
});

test('a port of the machine is given once', () => {
  const open = (hostPort: number, more: object = {}): Partial<PodSpec> => ({
    containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...more }] }],
  });
  const words = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
  const one = [node('a')];
  const free = (spec: Partial<PodSpec>, ...taken: Partial<PodSpec>[]): string =>
    place(
      pod(spec),
      one,
      taken.map((each) => on('a', {}, each)),
    );
  expect(free(open(8080), open(8080))).toBe(words);
  expect(free(open(8080), open(8081), open(8080, { protocol: 'UDP' }))).toBe('a');
  expect(free(open(8080, { hostIP: '127.0.0.1' }), open(8080))).toBe(words);
  expect(free(open(8080, { hostIP: '127.0.0.1' }), open(8080, { hostIP: '127.0.0.2' }))).toBe('a');
});

test('the node that is being prepared is kept as long as the pod fits there', () => {
  expect(place(pod(), three, [on('b', {})], { tentative: 'b' })).toBe('b');
  expect(place(pod(apart(HOST), db), three, [on('b', db)], { tentative: 'b' })).toBe('a');
});
