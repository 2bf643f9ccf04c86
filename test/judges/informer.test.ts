import { randomBytes } from 'node:crypto';
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { pgherd, run, startInstance, suiteHome } from '../support/instance.ts';

/** The official client's informer as judge of lists and watches: it shares no code with ours. */
const namespace = `pgherd-informer-${randomBytes(4).toString('hex')}`;
const config = new KubeConfig();
let api: CoreV1Api;

beforeAll(async () => {
  const { kubeconfigPath } = await useCluster();
  config.loadFromFile(kubeconfigPath);
  api = config.makeApiClient(CoreV1Api);
  await api.createNamespace({ body: { metadata: { name: namespace } } });
});
afterAll(async () => {
  await api?.deleteNamespace({ name: namespace });
});

const create = (
  name: string,
  labels: Record<string, string> = {},
  data: Record<string, string> = {},
): Promise<V1ConfigMap> =>
  api.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels }, data } });

/** An informer for ConfigMaps of the namespace and what it told, as `add name`, `update name`, `delete name`. */
async function inform(labelSelector?: string) {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const selection = labelSelector === undefined ? {} : { labelSelector };
  const list = () => api.listNamespacedConfigMap({ namespace, ...selection });
  const informer = makeInformer(config, path, list, labelSelector);
  const heard: string[] = [];
  const errors: unknown[] = [];
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb, (object: V1ConfigMap) => heard.push(`${verb} ${object.metadata?.name}`));
  }
  informer.on('error', (error: unknown) => errors.push(error));
  await informer.start();
  return { informer, heard, errors };
}

test('what is there, what comes, what changes and what goes, in order', async () => {
  await create('there', { test: 'order' });
  const { informer, heard, errors } = await inform('test=order');
  try {
    await eventually('the first list is heard', () => heard.includes('add there'));
    await create('comes', { test: 'order' });
    await create('elsewhere', { test: 'other' });
    const changed = await api.readNamespacedConfigMap({ namespace, name: 'comes' });
    await api.replaceNamespacedConfigMap({
      namespace,
      name: 'comes',
      body: Object.assign(changed, { data: { a: '1' } }),
    });
    await api.deleteNamespacedConfigMap({ namespace, name: 'comes' });
    await eventually('the deletion is heard', () => heard.includes('delete comes'));
    expect(heard).toEqual(['add there', 'add comes', 'update comes', 'delete comes']);
    expect(errors).toEqual([]);
    expect(informer.list().map(({ metadata }) => metadata?.name)).toEqual(['there']);
  } finally {
    await informer.stop();
  }
});

test('a hundred changes in a row: none is missed, the last state is the stored one', async () => {
  await create('counter', { test: 'burst' }, { n: '0' });
  const { informer, errors } = await inform('test=burst');
  const versions: string[] = [];
  informer.on('update', (object: V1ConfigMap) => versions.push(object.data?.['n'] ?? ''));
  try {
    for (let n = 1; n <= 100; n++) {
      const current = await api.readNamespacedConfigMap({ namespace, name: 'counter' });
      await api.replaceNamespacedConfigMap({
        namespace,
        name: 'counter',
        body: Object.assign(current, { data: { n: String(n) } }),
      });
    }
    await eventually('the last change is heard', () => versions.at(-1) === '100');
    expect(versions).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 1)));
    expect(errors).toEqual([]);
  } finally {
    await informer.stop();
  }
});

test('two informers of different selections hear their own only; leaving a selection is a deletion', async () => {
  const left = await inform('side=left');
  const right = await inform('side=right');
  try {
    await create('walker', { side: 'left' });
    await eventually('the left one hears it', () => left.heard.includes('add walker'));
    const walker = await api.readNamespacedConfigMap({ namespace, name: 'walker' });
    Object.assign(walker.metadata ?? {}, { labels: { side: 'right' } });
    await api.replaceNamespacedConfigMap({ namespace, name: 'walker', body: walker });
    await eventually('the right one hears it', () => right.heard.includes('add walker'));
    await eventually('the left one loses it', () => left.heard.includes('delete walker'));
    expect(left.heard).toEqual(['add walker', 'delete walker']);
    expect(right.heard).toEqual(['add walker']);
  } finally {
    await left.informer.stop();
    await right.informer.stop();
  }
});

const ownEngine = (process.env['KUBECONFIG'] ?? '') === '';

test.runIf(ownEngine)(
  'the server restarts: restarted on error, as its documentation says, it hears what happened meanwhile',
  async () => {
    await create('stays', { test: 'restart' });
    await create('goes', { test: 'restart' });
    const { informer, heard, errors } = await inform('test=restart');
    let ended = false;
    informer.on('error', () => {
      setTimeout(() => {
        if (!ended) void informer.start().catch(() => {});
      }, 200);
    });
    try {
      await eventually('both are heard', () => heard.length === 2);
      const home = suiteHome('conformance');
      const { code, stderr } = await run(pgherd, ['local', 'down', '--home', home]);
      expect([code, stderr]).toEqual([0, '']);
      await startInstance(home, { operator: false });
      await api.deleteNamespacedConfigMap({ namespace, name: 'goes' });
      await create('new', { test: 'restart' });
      await eventually(
        'both changes are heard',
        () => heard.includes('delete goes') && heard.includes('add new'),
      );
      expect(heard.filter((line) => line.endsWith('stays'))).toEqual(['add stays']);
      expect(
        informer
          .list()
          .map(({ metadata }) => metadata?.name ?? '')
          .sort(),
      ).toEqual(['new', 'stays']);
      // Losing the connection is all that it may complain of.
      for (const error of errors) expect(String(error)).toMatch(/ECONN|socket|abort|Premature|fetch failed/i);
    } finally {
      ended = true;
      await informer.stop();
    }
  },
);
