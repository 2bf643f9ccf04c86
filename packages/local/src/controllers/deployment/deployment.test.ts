// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
// Rules of https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ on the real registry.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deployments, events, podDisruptionBudgets, pods, replicaSets } from '@pgherd/kube/objects';
import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';
import { TestCluster, webDeployment } from '../test-cluster.ts';
import { withMetadata } from '../objects.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

type Spec = NonNullable<Deployment['spec']>;
const deployment = (): Deployment => {
  const found = cluster.objects.get(deployments, 'default', 'web');
  if (!found) throw new Error('no Deployment web');
  return found;
};
const change = (spec: Partial<Spec>): void => {
  const old = deployment();
  if (old.spec) cluster.objects.update(deployments, { ...old, spec: { ...old.spec, ...spec } });
};
const template = (image: string): Spec['template'] => webDeployment({}, image).spec?.template ?? {};
const sets = (): ReplicaSet[] => cluster.objects.list(replicaSets, 'default');
/** Wanted pods by image. */
const sizes = (): Record<string, number | undefined> =>
  Object.fromEntries(
    sets().map(({ spec }) => [spec?.template?.spec?.containers[0]?.image ?? '', spec?.replicas]),
  );
const condition = (type: string) => deployment().status?.conditions?.find((each) => each.type === type);
const messages = (): string[] => cluster.objects.list(events, 'default').map(({ message = '' }) => message);
const REVISION = 'deployment.kubernetes.io/revision';
const revisions = (): number[] =>
  sets()
    .map(({ metadata }) => Number(metadata.annotations?.[REVISION]))
    .sort((a, b) => a - b);
/** The node plays until the rollout is complete; `look` sees every state on the way. */
const rolledOut = async (look: () => void = () => {}): Promise<void> => {
  const complete = (): boolean => {
    look();
    const { spec, status, metadata } = deployment();
    const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration } = status ?? {};
    const done = [replicas, updatedReplicas, availableReplicas].every((n) => n === spec?.replicas);
    if (done && observedGeneration === metadata.generation) return true;
    cluster.play();
    return false;
  };
  await cluster.until(complete, true);
};
const running = async (spec: Partial<Spec> = {}): Promise<void> => {
  cluster.objects.create(deployments, webDeployment(spec));
  await rolledOut();
};

test('makes a ReplicaSet with hash and revision; the status tells', async () => {
  await running({ replicas: 2 });
  const [set] = sets();
  const hash = set?.metadata.labels?.['pod-template-hash'];
  expect(set?.metadata.name).toBe(`web-${hash}`);
  expect(set?.spec?.selector).toEqual({ matchLabels: { app: 'web', 'pod-template-hash': hash } });
  expect(set?.spec?.template?.metadata?.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
  expect(set?.metadata.annotations).toEqual({
    [REVISION]: '1',
    'deployment.kubernetes.io/desired-replicas': '2',
    'deployment.kubernetes.io/max-replicas': '3',
  });
  expect(deployment().metadata).toMatchObject({ generation: 1, annotations: { [REVISION]: '1' } });
  await cluster.until(() => condition('Progressing')?.reason, 'NewReplicaSetAvailable');
  expect(condition('Progressing')).toMatchObject({
    status: 'True',
    message: `ReplicaSet "web-${hash}" has successfully progressed.`,
  });
  expect(condition('Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
  expect(deployment().status).toMatchObject({
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
  });
  expect(messages()).toContain(`Scaled up replica set web-${hash} to 2`);
});

test('RollingUpdate never has more pods than the surge nor fewer than may be missing', async () => {
  await running({
    replicas: 4,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
  });
  change({ template: template('web:2') });
  const seen = new Set<string>();
  await rolledOut(() => {
    const { 'web:1': before = 0, 'web:2': after = 0 } = sizes();
    expect(before + after).toBeLessThanOrEqual(5);
    expect(
      Object.values(cluster.pods()).filter((phase) => phase === 'Running').length,
    ).toBeGreaterThanOrEqual(3);
    seen.add(`${before} ${after}`);
  });
  expect(sizes()).toEqual({ 'web:1': 0, 'web:2': 4 });
  expect(seen.size).toBeGreaterThan(3);
  expect(revisions()).toEqual([1, 2]);
});

test('RollingUpdate waits while the new pods are not ready, and says so after the deadline', async () => {
  await running({ replicas: 4, progressDeadlineSeconds: 1 });
  change({ template: template('web:2') });
  await cluster.until(sizes, { 'web:1': 3, 'web:2': 2 });
  await cluster.until(() => condition('Progressing')?.reason, 'ProgressDeadlineExceeded');
  expect(condition('Progressing')?.status).toBe('False');
  expect(sizes()).toEqual({ 'web:1': 3, 'web:2': 2 });
  await rolledOut();
  await cluster.until(() => condition('Progressing')?.reason, 'NewReplicaSetAvailable');
});

test('Recreate: nothing new before the last old pod has gone', async () => {
  await running({ replicas: 2, strategy: { type: 'Recreate' } });
  change({ template: template('web:2') });
  await cluster.until(() => Object.values(cluster.pods()), ['Terminating', 'Terminating']);
  await cluster.settled();
  expect(sizes()).toEqual({ 'web:1': 0 });
  const [first = '', second = ''] = Object.keys(cluster.pods());
  cluster.finish(first);
  await cluster.settled();
  expect(sizes()).toEqual({ 'web:1': 0 });
  cluster.finish(second);
  await cluster.until(sizes, { 'web:1': 0, 'web:2': 2 });
  await rolledOut();
});

test('going back to an earlier template takes its set again, under a new number', async () => {
  await running();
  const [first] = sets();
  change({ template: template('web:2') });
  await rolledOut();
  change({ template: template('web:1') });
  await rolledOut();
  expect(sizes()).toEqual({ 'web:1': 1, 'web:2': 0 });
  const again = sets().find(({ metadata }) => metadata.uid === first?.metadata.uid);
  expect(again?.metadata.annotations).toMatchObject({
    [REVISION]: '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
  expect(deployment().metadata.annotations?.[REVISION]).toBe('3');
});

test('revisionHistoryLimit: the oldest sets go', async () => {
  await running({ revisionHistoryLimit: 1 });
  for (const image of ['web:2', 'web:3']) {
    change({ template: template(image) });
    // oxlint-disable-next-line no-await-in-loop -- One after the other.
    await rolledOut();
  }
  await cluster.until(revisions, [2, 3]);
});

test('paused: the template waits, scaling does not', async () => {
  await running({ replicas: 1 });
  change({ paused: true, template: template('web:2') });
  await cluster.until(() => condition('Progressing')?.reason, 'DeploymentPaused');
  change({ replicas: 3 });
  await cluster.until(sizes, { 'web:1': 3 });
  change({ paused: false });
  await rolledOut();
  expect(sizes()).toEqual({ 'web:1': 0, 'web:2': 3 });
});

test('scaling in the middle of an update is shared in proportion', async () => {
  await running({
    replicas: 10,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
  });
  change({ template: template('web:2') });
  await cluster.until(sizes, { 'web:1': 8, 'web:2': 5 });
  // The example of the documentation: five more, three of them for the old set and two for the new one.
  change({ replicas: 15 });
  await cluster.until(sizes, { 'web:1': 11, 'web:2': 7 });
  await rolledOut();
});

test('labels that are taken: another hash, counted', async () => {
  await running();
  const [set] = sets();
  cluster.objects.delete(deployments, deployment(), { propagationPolicy: 'Orphan' });
  await cluster.until(() => sets()[0]?.metadata.ownerReferences ?? [], []);
  // Of the same name, but of other pods: it cannot be taken over.
  const { uid, name = '' } = set?.metadata ?? {};
  cluster.objects.delete(replicaSets, sets()[0] ?? { metadata: { name, ...(uid ? { uid } : {}) } });
  await cluster.until(() => sets().length, 0);
  const labels = { app: 'other' };
  cluster.objects.create(replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { ...template('web:1'), metadata: { labels } },
    },
  });
  await running();
  expect(deployment().status?.collisionCount).toBe(1);
  expect(sets()).toHaveLength(2);
});

test('a set that is orphaned is adopted; annotations of the Deployment are passed on', async () => {
  await running();
  const [set] = sets();
  if (!set) throw new Error('no ReplicaSet');
  cluster.objects.update(replicaSets, withMetadata(set, { ownerReferences: [] }));
  await cluster.until(() => sets()[0]?.metadata.ownerReferences?.[0]?.uid, deployment().metadata.uid);
  const annotations = { ...deployment().metadata.annotations, note: 'x' };
  cluster.objects.update(deployments, withMetadata(deployment(), { annotations }));
  await cluster.until(() => sets()[0]?.metadata.annotations?.['note'], 'x');
  expect(deployment().metadata.generation).toBe(2);
  await cluster.until(() => deployment().status?.observedGeneration, 2);
});

test('deleting the Deployment deletes sets and pods', async () => {
  await running({ replicas: 2 });
  cluster.objects.delete(deployments, deployment());
  await cluster.until(() => sets().length, 0);
  await cluster.until(() => Object.values(cluster.pods()), ['Terminating', 'Terminating']);
});

test('a PodDisruptionBudget counts what the Deployment wants', async () => {
  await running({ replicas: 3 });
  cluster.objects.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  const status = () => cluster.objects.get(podDisruptionBudgets, 'default', 'web')?.status;
  await cluster.until(() => status()?.expectedPods, 3);
  expect(status()).toMatchObject({ desiredHealthy: 2, disruptionsAllowed: 1 });
});

test('a restart in the middle of an update goes on where it was', async () => {
  await running({ replicas: 4 });
  change({ template: template('web:2') });
  await cluster.until(() => sizes()['web:2'], 2);
  await cluster.restart();
  await rolledOut();
  expect(sizes()).toEqual({ 'web:1': 0, 'web:2': 4 });
  await cluster.settled();
  expect(cluster.objects.list(pods, 'default').length).toBeGreaterThanOrEqual(4);
});
