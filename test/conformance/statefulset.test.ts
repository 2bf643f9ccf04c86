import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
const lab = useLab('statefulset');
const path = (...rest: string[]): string => lab.in('apps/v1', 'statefulsets', ...rest);
const pod = (name: string): string => lab.in('v1', 'pods', name);

interface Options {
  replicas?: number;
  spec?: object;
  /** Ready when `/tmp/ready` is there, so that the test says when. */
  gated?: boolean;
  template?: Loose;
  /** Shell command of the container. */
  command?: string;
}

const make = (name: string, options: Options = {}): Promise<Loose> => {
  const { replicas = 2, spec = {}, gated = false, command = 'sleep 100000' } = options;
  return lab.ok('POST', path(), {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'main',
              image: lab.image,
              imagePullPolicy: 'IfNotPresent',
              command: ['sh', '-c', command],
              ...(gated
                ? { readinessProbe: { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 } }
                : {}),
              ...options.template,
            },
          ],
        },
      },
      ...spec,
    },
  });
};
const get = (name: string): Promise<Loose> => lab.ok('GET', path(name));
const podsOf = async (name: string): Promise<Loose[]> =>
  (await lab.ok('GET', `${lab.in('v1', 'pods')}?labelSelector=app%3D${name}`)).items;
const names = async (name: string): Promise<string[]> =>
  (await podsOf(name)).map((each) => String(each.metadata.name)).sort();
const scale = (name: string, replicas: number): Promise<Loose> =>
  lab.ok('PATCH', path(name), { spec: { replicas } }, patchTypes.merge);
const ready = (name: string, replicas: number): Promise<Loose> =>
  eventually(`${name} has ${replicas} ready`, async () => {
    const set = await get(name);
    const { observedGeneration, readyReplicas = 0, replicas: all = 0 } = set.status;
    const done =
      observedGeneration === set.metadata.generation && readyReplicas === replicas && all === replicas;
    return done ? set : undefined;
  });
const letReady = async (name: string): Promise<void> => {
  const key = { namespace: lab.namespace, name };
  await eventually(`${name} runs`, async () => (await lab.ok('GET', pod(name))).status.phase === 'Running');
  await lab.client.exec(key, { command: ['touch', '/tmp/ready'] });
  await eventually(`${name} is ready`, async () =>
    (await lab.ok('GET', pod(name))).status.conditions.some(
      (each: Loose) => each.type === 'Ready' && each.status === 'True',
    ),
  );
};
const remove = async (name: string): Promise<void> => {
  await lab.ok('DELETE', path(name));
  await eventually(`pods of ${name} are gone`, async () => (await podsOf(name)).length === 0);
};
/** Names of pods in the order of these events. */
const watchPods = async (name: string): Promise<(type: string) => string[]> => {
  const { metadata } = await lab.ok('GET', lab.in('v1', 'pods'));
  const watch = await lab.watch(
    `${lab.in('v1', 'pods')}?watch=1&labelSelector=app%3D${name}&resourceVersion=${metadata.resourceVersion}`,
  );
  return (type) =>
    watch.events.filter((event) => event.type === type).map(({ object }) => object.metadata.name as string);
};

test('defaults (reference/kubernetes-api/workload-resources/stateful-set-v1)', async () => {
  const { spec } = await make('defaults', { replicas: 0 });
  expect(spec).toMatchObject({
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });
});

test('OrderedReady: one after the other, each waits for the one before (statefulset/#orderedready-pod-management)', async () => {
  await make('ordered', { replicas: 3, gated: true });
  await eventually('the first runs', async () => (await names('ordered')).length === 1);
  expect(await names('ordered')).toEqual(['ordered-0']);
  await letReady('ordered-0');
  await eventually('the second is there', async () => (await names('ordered')).length === 2);
  expect(await names('ordered')).toEqual(['ordered-0', 'ordered-1']);
  await letReady('ordered-1');
  await letReady('ordered-2');
  await ready('ordered', 3);
  await remove('ordered');
});

test('pods carry identity, labels and owner (statefulset/#pod-identity, #pod-name-label)', async () => {
  const set = await make('identity', { replicas: 1 });
  const status = (await ready('identity', 1)).status;
  const first = await lab.ok('GET', pod('identity-0'));
  expect(first.spec).toMatchObject({ hostname: 'identity-0', subdomain: 'identity' });
  expect(first.metadata.labels).toMatchObject({
    app: 'identity',
    'statefulset.kubernetes.io/pod-name': 'identity-0',
    'apps.kubernetes.io/pod-index': '0',
    'controller-revision-hash': status.currentRevision,
  });
  expect(first.metadata.ownerReferences).toEqual([
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name: 'identity',
      uid: set.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  expect(status).toMatchObject({
    replicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    currentReplicas: 1,
    updatedReplicas: 1,
    currentRevision: status.updateRevision,
  });
  const revision = await lab.ok('GET', lab.in('apps/v1', 'controllerrevisions', status.currentRevision));
  expect(revision.revision).toBe(1);
  await remove('identity');
});

test('a pod that is deleted comes back under its name (statefulset/#stable-network-id)', async () => {
  await make('returns', { replicas: 1 });
  await ready('returns', 1);
  const { uid } = (await lab.ok('GET', pod('returns-0'))).metadata;
  await lab.ok('DELETE', pod('returns-0'));
  await eventually('another one of that name', async () => {
    const { code, body } = await lab.request('GET', pod('returns-0'));
    return code === 200 && body.metadata.uid !== uid;
  });
  await ready('returns', 1);
  await remove('returns');
});

test('Parallel: all at once, ready or not (statefulset/#parallel-pod-management)', async () => {
  await make('parallel', { replicas: 3, gated: true, spec: { podManagementPolicy: 'Parallel' } });
  await eventually('all are there', async () => (await names('parallel')).length === 3);
  expect((await get('parallel')).status.readyReplicas ?? 0).toBe(0);
  await remove('parallel');
});

test('scaling down goes from the highest ordinal (statefulset/#deployment-and-scaling-guarantees)', async () => {
  await make('shrinks', { replicas: 3 });
  await ready('shrinks', 3);
  const seen = await watchPods('shrinks');
  await scale('shrinks', 1);
  await eventually('two are gone', () => seen('DELETED').length === 2);
  expect(seen('DELETED')).toEqual(['shrinks-2', 'shrinks-1']);
  await ready('shrinks', 1);
  expect(await names('shrinks')).toEqual(['shrinks-0']);
  await remove('shrinks');
});

test('RollingUpdate: highest first, each ready before the next (statefulset/#rolling-updates)', async () => {
  await make('rolls', { replicas: 2 });
  const before = (await ready('rolls', 2)).status.currentRevision;
  const seen = await watchPods('rolls');
  await lab.ok(
    'PATCH',
    path('rolls'),
    { spec: { template: { metadata: { labels: { version: 'two' } } } } },
    patchTypes.merge,
  );
  const set = await eventually('it is updated', async () => {
    const now = await get('rolls');
    const { updatedReplicas, readyReplicas, currentRevision, updateRevision } = now.status;
    const done = updatedReplicas === 2 && readyReplicas === 2 && currentRevision === updateRevision;
    return done && currentRevision !== before ? now : undefined;
  });
  await eventually('both came again', () => seen('ADDED').length === 2);
  expect(seen('ADDED')).toEqual(['rolls-1', 'rolls-0']);
  for (const each of await podsOf('rolls')) {
    expect(each.metadata.labels).toMatchObject({
      version: 'two',
      'controller-revision-hash': set.status.updateRevision,
    });
  }
  await remove('rolls');
});

test('a partition keeps lower ordinals as they are, also when they are deleted (statefulset/#partitions)', async () => {
  await make('part', {
    replicas: 2,
    spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
  });
  const before = (await ready('part', 2)).status.currentRevision;
  const change = { spec: { template: { metadata: { labels: { version: 'two' } } } } };
  await lab.ok('PATCH', path('part'), change, patchTypes.merge);
  const revisions = async (): Promise<string[]> =>
    (await podsOf('part'))
      .sort((a, b) => String(a.metadata.name).localeCompare(b.metadata.name))
      .map((each) => each.metadata.labels['controller-revision-hash']);
  await eventually('the upper one is updated', async () => {
    const [lower, upper] = await revisions();
    return lower === before && upper !== undefined && upper !== before;
  });
  await ready('part', 2);
  const { uid } = (await lab.ok('GET', pod('part-0'))).metadata;
  await lab.ok('DELETE', pod('part-0'));
  await eventually('the lower one came again', async () => {
    const { code, body } = await lab.request('GET', pod('part-0'));
    return code === 200 && body.metadata.uid !== uid;
  });
  expect((await revisions())[0]).toBe(before);
  await remove('part');
});

test('OnDelete: only a deleted pod comes back changed (statefulset/#update-strategies)', async () => {
  await make('ondelete', { replicas: 2, spec: { updateStrategy: { type: 'OnDelete' } } });
  await ready('ondelete', 2);
  const before = (await podsOf('ondelete')).map((each) => String(each.metadata.uid)).sort();
  const change = { spec: { template: { metadata: { labels: { version: 'two' } } } } };
  await lab.ok('PATCH', path('ondelete'), change, patchTypes.merge);
  await eventually('the change was seen', async () => {
    const { metadata, status } = await get('ondelete');
    return (
      status.observedGeneration === metadata.generation && status.updateRevision !== status.currentRevision
    );
  });
  expect((await podsOf('ondelete')).map((each) => String(each.metadata.uid)).sort()).toEqual(before);
  await lab.ok('DELETE', pod('ondelete-0'));
  await eventually('it came back changed', async () => {
    const { code, body } = await lab.request('GET', pod('ondelete-0'));
    return code === 200 && body.metadata.labels.version === 'two';
  });
  expect((await lab.ok('GET', pod('ondelete-1'))).metadata.labels.version).toBeUndefined();
  await remove('ondelete');
});

test('volume claims: one for each pod, kept over scaling and deletion (statefulset/#volume-claim-templates, #persistentvolumeclaim-retention)', async () => {
  const claims = async (): Promise<string[]> =>
    (await lab.ok('GET', lab.in('v1', 'persistentvolumeclaims'))).items
      .map((each: Loose) => each.metadata.name as string)
      .filter((name: string) => name.startsWith('data-keeps-'));
  await make('keeps', {
    replicas: 2,
    command: 'echo "$HOSTNAME" >> /data/log; sleep 100000',
    template: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    spec: {
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
        },
      ],
    },
  });
  await ready('keeps', 2);
  expect(await claims()).toEqual(['data-keeps-0', 'data-keeps-1']);
  const volumes = (await lab.ok('GET', pod('keeps-1'))).spec.volumes;
  expect(volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-keeps-1' } });
  await scale('keeps', 1);
  await eventually('one is left', async () => (await names('keeps')).length === 1);
  expect(await claims()).toHaveLength(2);
  await eventually('the scaling is over', async () => (await get('keeps')).status.replicas === 1);
  await scale('keeps', 2);
  await ready('keeps', 2);
  const { stdout } = await lab.client.exec(
    { namespace: lab.namespace, name: 'keeps-1' },
    { command: ['cat', '/data/log'] },
  );
  expect(stdout).toBe('keeps-1\nkeeps-1\n');
  await remove('keeps');
  expect(await claims()).toHaveLength(2);
});

test('most of the spec is immutable (statefulset/#rolling-updates; stateful-set-v1)', async () => {
  const { metadata: _, ...set } = await make('immutable', { replicas: 0 });
  for (const spec of [
    { serviceName: 'other' },
    { podManagementPolicy: 'Parallel' },
    { selector: { matchLabels: { app: 'other' } } },
  ]) {
    const { code, body } = await lab.request('PUT', path('immutable'), {
      body: { ...set, metadata: { name: 'immutable' }, spec: { ...set.spec, ...spec } },
    });
    expect(code, JSON.stringify(spec)).toBe(422);
    expect(body.message).toContain('updates to statefulset spec for fields other than');
  }
});

test('the selector must select the template (statefulset/#pod-selector)', async () => {
  await expect(make('mismatch', { spec: { selector: { matchLabels: { app: 'other' } } } })).rejects.toThrow(
    'does not match template `labels`',
  );
});

test('scale subresource (reference/kubernetes-api/workload-resources/stateful-set-v1; autoscaling/v1 Scale)', async () => {
  await make('scales', { replicas: 0 });
  const read = await lab.ok('GET', path('scales', 'scale'));
  expect(read).toMatchObject({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'scales' },
    status: { selector: 'app=scales', replicas: 0 },
  });
  // The controller writes the status, too; then the version that was read is a conflict.
  await eventually('nobody writes in between', async () => {
    const now = await lab.ok('GET', path('scales', 'scale'));
    return lab.ok('PUT', path('scales', 'scale'), { ...now, spec: { replicas: 1 } });
  });
  expect((await get('scales')).spec.replicas).toBe(1);
  await lab.ok('PATCH', path('scales', 'scale'), { spec: { replicas: 0 } }, patchTypes.merge);
  const after = await get('scales');
  expect(after.spec.replicas).toBe(0);
  expect(after.metadata.generation).toBe(3);
});

test('deleted with orphans: the pods stay, and a new set of that selector adopts them (statefulset/#limitations; tasks/run-application/delete-stateful-set)', async () => {
  await make('orphans', { replicas: 1 });
  await ready('orphans', 1);
  const { uid } = (await lab.ok('GET', pod('orphans-0'))).metadata;
  await lab.ok('DELETE', path('orphans'), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Orphan',
  });
  await eventually('the set is gone', async () => (await lab.request('GET', path('orphans'))).code === 404);
  expect((await lab.ok('GET', pod('orphans-0'))).metadata).toMatchObject({ uid });
  const set = await make('orphans', { replicas: 1 });
  await eventually('it is adopted', async () => {
    const { metadata } = await lab.ok('GET', pod('orphans-0'));
    return metadata.ownerReferences?.[0]?.uid === set.metadata.uid;
  });
  expect((await lab.ok('GET', pod('orphans-0'))).metadata.uid).toBe(uid);
  await remove('orphans');
});
