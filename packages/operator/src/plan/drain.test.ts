import type { Node, NodeSelectorTerm, StatefulSet, Taint } from '@pgherd/kube/objects';
import { describe, expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import type { Maintenance } from '../maintenance/maintenance.ts';
import { nodeState } from '../nodes/node-state.ts';
import type { Observed } from '../observe/observed.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
  type TestPod,
} from '../testing/cluster.ts';
import { plan } from './plan.ts';
import { stepsOf } from './step.ts';

interface TestNode {
  cordoned?: boolean;
  labels?: Record<string, string>;
  taints?: Taint[];
  ready?: 'True' | 'False' | 'Unknown';
}

interface Setting {
  nodes: Record<string, TestNode>;
  /** Members by ordinal, the first is the primary; each with its node. */
  members: (Partial<TestPod> & { on: string })[];
  /** Default: as many as there are members. */
  wanted?: number;
  readinessLabel?: Record<string, string>;
  volumes?: 'any' | 'unknown' | NodeSelectorTerm[];
  maintenance?: Maintenance;
  more?: Partial<Observed>;
  /** The pods are of an older template. */
  outdated?: boolean;
  tolerations?: object[];
}

const cordoned = { cordoned: true };
const taint = (key: string, effect = 'NoSchedule'): Taint => ({ key, effect });

function rendered(numberOfInstances: number, dockerImage = 'new') {
  const manifest = testManifest({ numberOfInstances, dockerImage });
  return render({ manifest, configuration: testConfiguration(), remembered: testRemembered() });
}

function planned(setting: Setting) {
  const wanted = setting.wanted ?? setting.members.length;
  const objects = rendered(wanted);
  const standing = objects.map((each) => (each.kind === kinds.statefulSet ? withStatus(each, 'new') : each));
  const ofTemplate = rendered(wanted, setting.outdated === true ? 'old' : 'new').find(
    ({ kind }) => kind === kinds.statefulSet,
  )?.object as StatefulSet;
  const pods = setting.members.map(({ on, ...member }, ordinal) =>
    testPod({
      ordinal,
      role: ordinal === 0 ? 'primary' : 'replica',
      revision: setting.outdated === true ? 'old' : 'new',
      spec: {
        ...ofTemplate.spec?.template.spec,
        nodeName: on,
        ...(setting.tolerations === undefined ? {} : { tolerations: setting.tolerations }),
      },
      ...member,
    }),
  );
  const nodes = Object.entries(setting.nodes).map(([name, node]): Node => ({
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...node.labels } },
    spec: { unschedulable: node.cordoned === true, taints: node.taints ?? [] },
    status: { conditions: [{ type: 'Ready', status: node.ready ?? 'True' }] },
  }));
  const { volumes = 'any' } = setting;
  const configuration = { node_readiness_label: setting.readinessLabel ?? {} };
  const observed = testObserved(standing, pods, {
    leader: 'acid-demo-0',
    nodes: new Map(nodes.map((node) => [node.metadata.name ?? '', nodeState(node, configuration)])),
    volumeNodes: new Map(
      volumes === 'unknown' ? [] : pods.map(({ metadata }) => [metadata.name ?? '', volumes]),
    ),
    ...setting.more,
  });
  return stepsOf(
    plan(
      {
        objects,
        database: undefined,
        configuration: undefined,
        pods: { ignoredAnnotations: [], isLazy: false },
        ...(setting.maintenance === undefined ? {} : { maintenance: setting.maintenance }),
      },
      observed,
    ),
  );
}

/** What is done first or waited for, in words. */
function first(setting: Setting): string | undefined {
  const [step] = planned(setting);
  return step === undefined
    ? undefined
    : `${step.what}${step.waitFor === undefined ? '' : ` [${step.isHeld === true ? 'held' : 'waits'}]`}`;
}

const three = [{ on: 'a' }, { on: 'b', location: 5 }, { on: 'c', location: 9 }];
const toB = 'switch over from acid-demo-0 to acid-demo-1';
const toC = 'switch over from acid-demo-0 to acid-demo-2';
const toNobody = 'switch over from acid-demo-0 to another member [waits]';
const label = { 'lifecycle-status': 'ready' };

describe('the role leaves a node that is about to go, to one that stays', () => {
  test.each<[string, Record<string, TestNode>, string | undefined, Partial<Setting>?]>([
    ['nothing goes', { a: {}, b: {}, c: {} }, undefined],
    ["the primary's is cordoned", { a: cordoned, b: {}, c: {} }, toC],
    ["a replica's is cordoned", { a: {}, b: cordoned, c: {} }, undefined],
    ['the better replica goes as well', { a: cordoned, b: {}, c: cordoned }, toB],
    ['the better replica is on a node with trouble', { a: cordoned, b: {}, c: { ready: 'False' } }, toB],
    ['the better replica is on a silent node', { a: cordoned, b: {}, c: { ready: 'Unknown' } }, toB],
    [
      'the better replica is on a node that an autoscaler removes',
      { a: cordoned, b: {}, c: { taints: [taint('ToBeDeletedByClusterAutoscaler')] } },
      toB,
    ],
    [
      'an autoscaler removes it',
      { a: { taints: [taint('ToBeDeletedByClusterAutoscaler')] }, b: {}, c: {} },
      toC,
    ],
    ['karpenter removes it', { a: { taints: [taint('karpenter.sh/disrupted')] }, b: {}, c: {} }, toC],
    ['it is evicted', { a: { taints: [taint('mine', 'NoExecute')] }, b: {}, c: {} }, toC],
    [
      'it is evicted and does not mind',
      { a: { taints: [taint('mine', 'NoExecute')] }, b: {}, c: {} },
      undefined,
      { tolerations: [{ key: 'mine', operator: 'Exists' }] },
    ],
    [
      'it is evicted and does not mind for a while',
      { a: { taints: [taint('mine', 'NoExecute')] }, b: {}, c: {} },
      toC,
      { tolerations: [{ key: 'mine', operator: 'Exists', tolerationSeconds: 60 }] },
    ],
    ['its node takes no more pods', { a: { taints: [taint('mine')] }, b: {}, c: {} }, undefined],
    [
      'an autoscaler thinks about it',
      { a: { taints: [taint('x', 'PreferNoSchedule')] }, b: {}, c: {} },
      undefined,
    ],
    [
      'its node has trouble that may pass',
      { a: { ready: 'False', taints: [taint('node.kubernetes.io/not-ready', 'NoExecute')] }, b: {}, c: {} },
      undefined,
    ],
    [
      'it is cordoned and silent: perhaps it is dead',
      { a: { ...cordoned, ready: 'Unknown' }, b: {}, c: {} },
      undefined,
    ],
    [
      'cordoned, with the label',
      { a: { ...cordoned, labels: label }, b: {}, c: {} },
      undefined,
      { readinessLabel: label },
    ],
    ['cordoned, without the label', { a: cordoned, b: {}, c: {} }, toC, { readinessLabel: label }],
    ['without the label, not cordoned', { a: {}, b: {}, c: {} }, undefined, { readinessLabel: label }],
    [
      'cordoned, a master of old',
      { a: { ...cordoned, labels: { master: 'true' } }, b: {}, c: {} },
      undefined,
    ],
    ['nobody may look', { a: cordoned, b: {}, c: {} }, undefined, { more: { nodes: undefined as never } }],
    ['nobody leads', { a: cordoned, b: {}, c: {} }, undefined, { more: { leader: undefined } }],
    [
      'in synchronous mode, to the synchronous one',
      { a: cordoned, b: {}, c: {} },
      toB,
      { more: { syncStandbys: ['acid-demo-1'] } },
    ],
  ])('%s', (_name, nodes, expected, more = {}) => {
    expect(first({ nodes, members: three, ...more })).toBe(expected);
  });
});

describe('when no member can take over on a node that stays', () => {
  const [a, b, c, d] = [cordoned, cordoned, cordoned, {}];
  const replaced = 'replace pod acid-demo-1';

  test('one replica is made again elsewhere, and the role waits for it', () => {
    const steps = planned({ nodes: { a, b, c, d }, members: three });
    expect(steps.map(({ what, waitFor, disturbs }) => [what, waitFor, disturbs])).toEqual([
      [replaced, undefined, 'restart'],
      [
        'switch over from acid-demo-0 to another member',
        'a member that can take over streams on a node that stays',
        'switchover',
      ],
    ]);
    expect(steps[0]?.why).toEqual(['node b is being drained, and node a is being drained']);
  });

  test('commits wait for a replica that is made again when nobody else can confirm them: the step says so', () => {
    const more = { configuration: { synchronous_mode: true, synchronous_mode_strict: true } };
    const [step] = planned({ nodes: { a, b, d }, members: three.slice(0, 2), more });
    expect([step?.what, step?.disturbs]).toEqual([replaced, 'downtime']);
  });

  test.each<[string, Partial<Setting>, string]>([
    ['another one is away', { members: [three[0]!, three[1]!, { on: 'c', streaming: false }] }, toNobody],
    ['another one has not been made', { members: three.slice(0, 2), wanted: 3 }, toNobody],
    [
      'one that stays copies its data',
      { nodes: { a, b, d }, members: [three[0]!, three[1]!, { on: 'd', streaming: false }] },
      toNobody,
    ],
    ['there is no other node', { nodes: { a, b, c } }, `${replaced} [held]`],
    ['the other node is silent', { nodes: { a, b, c, d: { ready: 'Unknown' } } }, `${replaced} [held]`],
    [
      'the other node takes no pods',
      { nodes: { a, b, c, d: { taints: [taint('gpu')] } } },
      `${replaced} [held]`,
    ],
    ['nobody knows where volumes can be used', { volumes: 'unknown' }, `${replaced} [held]`],
    [
      'the volumes cannot leave',
      { volumes: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['b'] }] }] },
      `${replaced} [held]`,
    ],
    [
      'the volumes can be used there',
      {
        volumes: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'NotIn', values: ['b'] }] },
        ],
      },
      replaced,
    ],
    ['it would come back to its node', { tolerations: [{ operator: 'Exists' }] }, `${replaced} [held]`],
    [
      'the synchronous one is on a node that goes: then it makes room for another',
      { nodes: { a, b, c: {}, d }, more: { syncStandbys: ['acid-demo-1'] } },
      replaced,
    ],
  ])('%s', (_name, setting, expected) => {
    expect(first({ nodes: { a, b, c, d }, members: three, ...setting })).toBe(expected);
  });
});

describe('a single instance', () => {
  const replaced = 'replace pod acid-demo-0';
  test('is made again on another node, which is downtime', () => {
    const steps = planned({ nodes: { a: cordoned, b: {} }, members: [{ on: 'a' }] });
    expect(steps.map(({ what, why, disturbs, waitFor }) => [what, why, disturbs, waitFor])).toEqual([
      [replaced, ['node a is being drained'], 'downtime', undefined],
    ]);
  });
  test.each<[string, Partial<Setting>]>([
    ['there is no other node', { nodes: { a: cordoned } }],
    [
      'its volume is on the node',
      { volumes: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] }] }] },
    ],
    ['nobody knows where its volume can be used', { volumes: 'unknown' }],
  ])('is left alone when %s', (_name, setting) => {
    expect(first({ nodes: { a: cordoned, b: {} }, members: [{ on: 'a' }], ...setting })).toBe(
      `${replaced} [held]`,
    );
  });
});

describe('together with what else waits', () => {
  const origin = { version: '1', inputs: 'x' };
  const closed = { origin, waits: { until: 'the maintenance window opens', at: 1 } };
  const newOperator = { origin, waits: { until: 'somebody wants the new version' } };
  test.each<[string, TestNode, Maintenance, string]>([
    ['a window is waited for', cordoned, closed, `${toC} [held]`],
    [
      'not by a node that is gone in minutes',
      { taints: [taint('node.kubernetes.io/out-of-service', 'NoExecute')] },
      closed,
      toC,
    ],
    ['not by pods that are evicted', { taints: [taint('mine', 'NoExecute')] }, closed, toC],
    ['not by a drained node that has trouble', { ...cordoned, ready: 'False' }, closed, toC],
    ['a new operator is no reason to wait', cordoned, newOperator, toC],
  ])('%s', (_name, a, maintenance, expected) => {
    expect(first({ nodes: { a, b: {}, c: {} }, members: three, maintenance })).toBe(expected);
  });

  test('a paused cluster is left alone', () => {
    const more = { configuration: { pause: true } };
    expect(first({ nodes: { a: cordoned, b: {}, c: {} }, members: three, more })).toBe(`${toC} [held]`);
  });

  test('the role goes before a rolling update, which never hands it to a node that goes', () => {
    const setting = { members: three, outdated: true };
    const drained = planned({ ...setting, nodes: { a: cordoned, b: {}, c: {} } });
    expect(drained.map(({ what }) => what)).toEqual([
      toC,
      'replace pod acid-demo-2',
      'replace pod acid-demo-1',
      'replace pod acid-demo-0',
    ]);
    const updated = planned({ ...setting, nodes: { a: {}, b: {}, c: cordoned } });
    expect(updated.map(({ what }) => what)).toContain(toB);
  });

  test('a drain that waits does not hold up a rolling update', () => {
    const members = [{ on: 'a' }, { on: 'b', streaming: false }];
    const [step] = planned({ members, outdated: true, nodes: { a: cordoned, b: {} } });
    expect([step?.what, step?.waitFor]).toEqual(['replace pod acid-demo-1', undefined]);
  });
});
