import {
  ApiError,
  deployments,
  pods,
  replicaSets,
  serviceAccounts,
  statefulSets,
} from '@pgherd/kube/objects';
import type { KubeObject, Pod, ResourceType } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry } from './open-registry.ts';
import type { LocalRegistry } from './open-registry.ts';

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ and replica-set-v1/
let registry: LocalRegistry;
beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
});
afterEach(() => registry.close());

const make = (kind: string, spec: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web:1' }] },
    },
    ...spec,
  },
});
const create = (resource: ResourceType<KubeObject>, spec: object = {}): KubeObject =>
  registry.create(resource, 'default', make(resource.kind, spec));
/** `field: reason` of each cause of a refusal. */
const causes = (act: () => unknown): string[] => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect(error.code).toBe(422);
    return (error.status.details?.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`);
  }
  return [];
};
const rolling = (maxSurge: unknown, maxUnavailable: unknown): object => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
});

test('defaults; a status that is sent is not taken', () => {
  const sent = { ...make('Deployment'), status: { replicas: 7 } };
  const made = registry.create(deployments, 'default', sent);
  expect(made['spec']).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
  });
  expect(made['status']).toEqual({});
  expect(made.metadata.generation).toBe(1);
  const set = create(replicaSets);
  expect(set['spec']).toMatchObject({ replicas: 1 });
  expect(set['status']).toEqual({ replicas: 0 });
});

test.each([
  [{ selector: null }, 'spec.selector: Required value'],
  [{ selector: {} }, 'spec.selector: Invalid value'],
  [{ selector: { matchLabels: { app: 'x' } } }, 'spec.template.metadata.labels: Invalid value'],
  [{ replicas: -1 }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  [{ minReadySeconds: -1 }, 'spec.minReadySeconds: Invalid value: -1'],
])('both refuse %j', (spec, wanted) => {
  for (const resource of [deployments, replicaSets]) {
    expect(causes(() => create(resource, spec)).join()).toContain(wanted);
  }
});

test.each([
  [rolling(0, 0), 'spec.strategy.rollingUpdate.maxUnavailable', 'may not be 0 when `maxSurge` is 0'],
  [rolling('0%', '0%'), 'spec.strategy.rollingUpdate.maxUnavailable', 'may not be 0 when `maxSurge` is 0'],
  [rolling(1, '101%'), 'spec.strategy.rollingUpdate.maxUnavailable', 'must not be more than 100%'],
  [rolling('x', 1), 'spec.strategy.rollingUpdate.maxSurge', 'a valid percent string'],
  [rolling(-1, 1), 'spec.strategy.rollingUpdate.maxSurge', 'must be greater than or equal to 0'],
  [{ strategy: { type: 'Other' } }, 'spec.strategy.type', 'supported values: "Recreate", "RollingUpdate"'],
  [
    { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    'spec.strategy.rollingUpdate',
    "may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    { progressDeadlineSeconds: 5, minReadySeconds: 5 },
    'spec.progressDeadlineSeconds',
    'must be greater than minReadySeconds',
  ],
  [{ revisionHistoryLimit: -1 }, 'spec.revisionHistoryLimit', 'must be greater than or equal to 0'],
])('a Deployment refuses %j', (spec, field, why) => {
  const [cause = ''] = causes(() => create(deployments, spec));
  expect(cause).toContain(field);
  expect(cause).toContain(why);
});

test('pods of a template are always restarted, and have no deadline', () => {
  const { template } = make('Deployment')['spec'] as { template: { spec: object } };
  const refused = (spec: object): string =>
    causes(() =>
      create(deployments, { template: { ...template, spec: { ...template.spec, ...spec } } }),
    ).join();
  expect(refused({ restartPolicy: 'Never' })).toContain('spec.template.spec.restartPolicy');
  expect(refused({ activeDeadlineSeconds: 5 })).toContain('spec.template.spec.activeDeadlineSeconds');
  expect(refused({ hostPID: true })).toContain('spec.template.spec.hostPID');
});

test('the pods of a StatefulSet are not looked at before they are made, as in Kubernetes', () => {
  const { template } = make('StatefulSet')['spec'] as { template: { spec: object } };
  const refused = (spec: object): string =>
    causes(() =>
      create(statefulSets, {
        serviceName: 'web',
        template: { ...template, spec: { ...template.spec, ...spec } },
      }),
    ).join();
  expect(refused({ restartPolicy: 'Never' })).toContain('spec.template.spec.restartPolicy');
  expect(refused({ activeDeadlineSeconds: 5 })).toContain('activeDeadlineSeconds in StatefulSet is not');
  const volumeMounts = [{ name: 'nowhere', mountPath: '/x' }];
  expect(refused({ containers: [{ name: 'web', image: 'web:1', volumeMounts }] })).toBe('');
});

test.each([
  [{ labels: { app: 'web', 'not valid!': 'x' } }, 'spec.template.labels: Invalid value: "not valid!"'],
  [{ labels: { app: 'web', long: 'x'.repeat(64) } }, 'must be no more than 63'],
  [{ labels: { app: 'web' }, annotations: { 'a b': '' } }, 'spec.template.annotations: Invalid value: "a b"'],
])('what every pod would be refused for is refused in the template: %j', (metadata, wanted) => {
  const claimless = { serviceName: 'web' };
  for (const resource of [deployments, replicaSets, statefulSets]) {
    const template = { metadata, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
    expect(causes(() => create(resource, { ...claimless, template })).join()).toContain(wanted);
  }
});

test.each([
  [{ matchLabels: { app: 'not valid!' } }, 'spec.selector.matchLabels: Invalid value: "not valid!"'],
  [
    { matchExpressions: [{ key: 'app', operator: 'In' }] },
    'spec.selector.matchExpressions[0].values: Required',
  ],
  [
    { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['web'] }] },
    'spec.selector.matchExpressions[0].values: Forbidden',
  ],
  [
    { matchExpressions: [{ key: 'app', operator: 'Gt' }] },
    'spec.selector.matchExpressions[0].operator: Invalid',
  ],
  [
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['a b'] }] },
    'spec.selector.matchExpressions[0].values[0]: Invalid value: "a b"',
  ],
])('selector %j is refused', (selector, wanted) => {
  for (const resource of [deployments, replicaSets, statefulSets]) {
    expect(causes(() => create(resource, { selector })).join()).toContain(wanted);
  }
});

test('the selector cannot be changed', () => {
  for (const resource of [deployments, replicaSets]) {
    const made = create(resource);
    const labels = { app: 'web', more: 'x' };
    const spec = { ...(made['spec'] as object), selector: { matchLabels: labels }, template: undefined };
    const template = { ...(made['spec'] as { template: object }).template, metadata: { labels } };
    const next = { ...made, spec: { ...spec, template } };
    const [cause] = causes(() => registry.update(resource, 'default', 'web', next));
    expect(cause).toMatch(/^spec.selector: .*field is immutable/);
  }
});

test('the generation of a Deployment counts its annotations too, not its status', () => {
  let made = create(deployments);
  const write = (change: Partial<KubeObject>, subresource?: string): void => {
    const options = subresource === undefined ? {} : { subresource };
    made = registry.update(deployments, 'default', 'web', { ...made, ...change }, options);
  };
  write({ metadata: { ...made.metadata, labels: { a: 'b' } } });
  expect(made.metadata.generation).toBe(1);
  write({ metadata: { ...made.metadata, annotations: { a: 'b' } } });
  expect(made.metadata.generation).toBe(2);
  write({ metadata: { ...made.metadata, annotations: { a: 'c' } }, status: { replicas: 3 } }, 'status');
  expect(made.metadata).toMatchObject({ generation: 2, annotations: { a: 'c' } });
  expect(made['status']).toEqual({ replicas: 3 });
});

test('a status that cannot be is refused', () => {
  for (const resource of [deployments, replicaSets]) {
    const made = create(resource);
    const [cause] = causes(() =>
      registry.update(
        resource,
        'default',
        'web',
        { ...made, status: { replicas: 1, readyReplicas: 2 } },
        { subresource: 'status' },
      ),
    );
    expect(cause).toContain('status.readyReplicas');
    expect(cause).toContain('cannot be greater than status.replicas');
  }
});

test('scale shows the whole selector, and takes a number', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['b', 'a'] },
      { key: 'aaa', operator: 'DoesNotExist' },
    ],
  };
  const template = {
    metadata: { labels: { app: 'web', tier: 'a' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  create(deployments, { selector, template });
  const scale = registry.get(deployments, 'default', 'web', { subresource: 'scale' });
  expect(scale['status']).toEqual({ replicas: 0, selector: '!aaa,app=web,tier in (a,b)' });
  const next = { ...scale, spec: { replicas: 4 } };
  registry.update(deployments, 'default', 'web', next, { subresource: 'scale' });
  expect(registry.get(deployments, 'default', 'web')['spec']).toMatchObject({ replicas: 4 });
});

// As Kubernetes does: the fields of a request are recorded before mutating admission.
test('what admission adds to a pod belongs to nobody', () => {
  registry.create(serviceAccounts, 'default', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
  const asked: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'a', image: 'a:1' }] },
  };
  const pod = registry.create(pods, 'default', asked) as Pod;
  expect(pod.spec?.volumes?.[0]?.name).toMatch(/^kube-api-access-/);
  const owned = JSON.stringify(pod.metadata.managedFields);
  expect(owned).toContain('f:containers');
  expect(owned).not.toContain('f:volumes');
  expect(owned).not.toContain('f:volumeMounts');
});
