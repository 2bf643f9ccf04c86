import type { PostgresqlStatus } from '@pgherd/api';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { belongingKinds } from '../support/belongings.ts';
import { CrashPoint } from '../support/crash-point.ts';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';
import { PlayedNodes } from '../support/played-nodes.ts';

/**
 * The operator killed after each of its writes: after the first, after the second … of a piece of work, to the API server,
 * to Patroni and to PostgreSQL. Its successor always comes to the same end, and nothing is done twice that disturbs.
 */

const name = 'acid-demo';
const key = { namespace: 'default', name };

const spec = {
  teamId: 'acid',
  numberOfInstances: 3,
  postgresql: { version: '17' },
  volume: { size: '1Gi' },
  users: { zalando: ['superuser'], foo_user: [] },
  databases: { foo: 'zalando' },
};

type Cluster = KubeObject & { status?: PostgresqlStatus };

/** What an operator did. */
interface Work {
  writes: string[];
  /** It was killed. */
  isCut: boolean;
  /** What belonged to the cluster at that moment. */
  atCut: Map<string, string>;
}

const waits = { timeoutMs: 60_000, everyMs: 20 };

/** A cluster with its operator, and an account of what was done to it. */
class Scene {
  readonly lab: OperatorLab;
  played: PlayedCluster | undefined;

  constructor(lab: OperatorLab) {
    this.lab = lab;
  }

  /** Makes the manifest. */
  async create(): Promise<void> {
    this.played = new PlayedCluster(this.lab.client, name, 'endpoints');
    await this.lab.client.create(postgresqls, { metadata: key, spec });
  }

  change(changes: object): Promise<unknown> {
    return this.lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: changes } });
  }

  /** Throws what is said of it otherwise. */
  readonly isRunning = async (): Promise<boolean> => {
    const { metadata, status } = (await this.lab.client.get(postgresqls, key)) as Cluster;
    const said = { generation: metadata.generation, ...status };
    if (said.PostgresClusterStatus !== 'Running' || said.observedGeneration !== metadata.generation)
      throw new Error(JSON.stringify(said));
    return true;
  };

  readonly isGone = async (): Promise<boolean> =>
    (await this.lab.client.find(postgresqls, key)) === undefined;

  /** Ids of all pods that were ever seen, by name. */
  get pods(): Map<string, string[]> {
    return new Map(this.played?.seen);
  }

  async podNames(): Promise<string[]> {
    const { items } = await this.lab.client.list(kube.pods, { namespace: 'default' });
    return items.map(({ metadata }) => metadata.name ?? '').sort();
  }

  /** The primary, by the word of the status. */
  async primary(): Promise<string | undefined> {
    return ((await this.lab.client.get(postgresqls, key)) as Cluster).status?.primary;
  }

  /** What volumes have grown to, and what new ones get. */
  async sizes(): Promise<(string | undefined)[]> {
    const { items } = await this.lab.client.list(kube.persistentVolumeClaims, { namespace: 'default' });
    const set = await this.lab.client.get(kube.statefulSets, key);
    const [template] = set.spec?.volumeClaimTemplates ?? [];
    return [
      ...items.map(({ status }) => status?.capacity?.['storage']),
      template?.spec?.resources?.requests?.['storage'],
    ];
  }

  get primaries(): string[] {
    return [...(this.played?.primaries ?? [])];
  }

  /** What belongs to the cluster, with the ids of volumes and the passwords, by name. */
  async belongings(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const resource of belongingKinds) {
      const { items } = await this.lab.client.list(resource, { namespace: 'default' });
      for (const object of items as (KubeObject & { data?: Record<string, string> })[]) {
        const { name: id = '', uid = '' } = object.metadata;
        if (!id.includes(name)) continue;
        const kept = resource === kube.persistentVolumeClaims ? uid : (object.data?.['password'] ?? '');
        found.set(`${resource.plural} ${id}`, kept);
      }
    }
    return found;
  }

  /**
   * Has an operator work on a change that is killed after that many writes, and another one do the rest. Answers what the
   * first one wrote, and whether it was killed before it was done.
   */
  async work(last: number, change: () => Promise<unknown>, isDone: () => Promise<boolean>): Promise<Work> {
    const first = await this.#operate(last);
    await change();
    const done = eventually('all is done', isDone, waits);
    done.catch(() => undefined);
    await Promise.race([done, first.point.died]);
    await first.stop();
    const { writes, isCut } = first.point;
    if (!isCut) {
      await done;
      return { writes, isCut, atCut: new Map() };
    }
    const atCut = await this.belongings();
    const second = await this.#operate(Infinity);
    const what = `a successor does the rest after ${writes.length} writes, the last ${writes.at(-1)}`;
    try {
      await eventually(what, isDone, waits);
    } finally {
      await second.stop();
    }
    return { writes, isCut, atCut };
  }

  async #operate(last: number) {
    const kubeconfig = this.lab.kubernetes.kubeconfigOf('default', 'postgres-operator');
    const point = await CrashPoint.open(kubeconfig, last);
    const report = { done: [], postponed: [], problems: [] };
    const operator = this.lab.operate(
      {},
      {
        kubeconfig: point.kubeconfig,
        // The successor has the lease at once.
        identity: 'killed-and-started-again',
        database: {
          bringInLine: () => point.write('PostgreSQL', async () => report),
          look: async () => [],
        },
      },
    );
    if (this.played) this.played.around = (what, act) => point.write(`Patroni: ${what}`, act);
    const stop = async () => {
      await operator.stop();
      point.close();
    };
    return { point, stop };
  }
}

/** Tries every number of writes from 1 on, until nobody is killed any more. Answers the writes of those who lived. */
async function everyCut(attempt: (last: number) => Promise<Work[]>): Promise<string[][]> {
  for (let last = 1; ; last++) {
    const works = await attempt(last);
    if (works.every(({ isCut }) => !isCut)) return works.map(({ writes }) => writes);
  }
}

/** For the message of what fails. */
const told = ({ writes }: Work) => `after ${writes.length} writes, the last ${writes.at(-1)}`;

const only = (things: Map<string, string>, ...plurals: string[]) =>
  new Map([...things].filter(([id]) => plurals.includes(id.split(' ')[0]!)));

let scene: Scene;
beforeEach(async () => {
  scene = new Scene(await OperatorLab.start());
});
afterEach(async () => {
  await scene.played?.stop();
  await scene.lab.stop();
});

test('a creation and a deletion', { timeout: 600_000 }, async () => {
  let whole: string[] | undefined;
  const [creation, deletion] = await everyCut(async (last) => {
    const creation = await scene.work(last, () => scene.create(), scene.isRunning);
    const made = await scene.belongings();
    whole ??= [...made.keys()];
    expect([...made.keys()]).toEqual(whole);
    // A password that somebody may have read stays.
    expect(made).toEqual(new Map([...made, ...only(creation.atCut, 'secrets')]));
    expect([...scene.pods.values()].map((ids) => ids.length)).toEqual([1, 1, 1]);
    expect(scene.primaries).toHaveLength(1);

    const remove = () => scene.lab.client.delete(postgresqls, key);
    const deletion = await scene.work(last, remove, scene.isGone);
    expect(await scene.belongings()).toEqual(new Map());
    await scene.played?.stop();
    return [creation, deletion];
  });
  expect(creation).toContain(`PATCH /apis/apps/v1/namespaces/default/statefulsets/${name}`);
  expect(deletion).toContain(`DELETE /api/v1/namespaces/default/persistentvolumeclaims/pgdata-${name}-2`);
});

test('a rolling update with its switchover', { timeout: 600_000 }, async () => {
  await scene.work(Infinity, () => scene.create(), scene.isRunning);
  const volumes = only(await scene.belongings(), 'persistentvolumeclaims');
  const [writes] = await everyCut(async (last) => {
    const [pods, primaries] = [scene.pods, scene.primaries];
    const podPriorityClassName = last % 2 === 1 ? 'system-node-critical' : null;
    const update = await scene.work(last, () => scene.change({ podPriorityClassName }), scene.isRunning);
    expect([...scene.pods].map(([id, ids]) => ids.length - (pods.get(id)?.length ?? 0))).toEqual([1, 1, 1]);
    expect(scene.primaries.slice(primaries.length), told(update)).toHaveLength(1);
    expect(only(await scene.belongings(), 'persistentvolumeclaims')).toEqual(volumes);
    return [update];
  });
  expect(writes).toContain('Patroni: POST /switchover');
});

test('a scale-down that has to move the primary first', { timeout: 600_000 }, async () => {
  await scene.work(Infinity, () => scene.create(), scene.isRunning);
  const volumes = only(await scene.belongings(), 'persistentvolumeclaims');
  const [writes] = await everyCut(async (last) => {
    await scene.played?.lead(`${name}-2`);
    const [pods, primaries] = [scene.pods, scene.primaries];
    const isDone = async () => (await scene.isRunning()) && (await scene.podNames()).length === 2;
    const down = await scene.work(last, () => scene.change({ numberOfInstances: 2 }), isDone);
    expect(await scene.podNames()).toEqual([`${name}-0`, `${name}-1`]);
    expect(scene.pods).toEqual(pods);
    expect(scene.primaries.slice(primaries.length), told(down)).toHaveLength(1);
    expect(only(await scene.belongings(), 'persistentvolumeclaims')).toEqual(volumes);
    await scene.work(Infinity, () => scene.change({ numberOfInstances: 3 }), scene.isRunning);
    return [down];
  });
  expect(writes).toContain('Patroni: POST /switchover');
});

test('volumes that grow', { timeout: 600_000 }, async () => {
  await scene.work(Infinity, () => scene.create(), scene.isRunning);
  const made = await scene.belongings();
  const [pods, primaries] = [scene.pods, scene.primaries];
  const [writes] = await everyCut(async (last) => {
    const size = `${last + 1}Gi`;
    const isDone = async () =>
      (await scene.isRunning()) && (await scene.sizes()).every((each) => each === size);
    const growth = await scene.work(last, () => scene.change({ volume: { size } }), isDone);
    expect(await scene.sizes(), told(growth)).toEqual([size, size, size, size]);
    expect(await scene.belongings(), told(growth)).toEqual(made);
    expect([scene.pods, scene.primaries], told(growth)).toEqual([pods, primaries]);
    return [growth];
  });
  expect(writes).toContain(`DELETE /apis/apps/v1/namespaces/default/statefulsets/${name}`);
  expect(writes).toContain(`PATCH /api/v1/namespaces/default/persistentvolumeclaims/pgdata-${name}-2`);
});

test('a switchover alone, away from a node that is drained', { timeout: 600_000 }, async () => {
  const nodes = new PlayedNodes(scene.lab.client, name);
  scene.lab.stopLater(() => nodes.stop());
  for (const node of ['a', 'b', 'c']) await nodes.make(node);
  await scene.work(Infinity, () => scene.create(), scene.isRunning);
  const places = await eventually('all have a node', async () => {
    const now = await nodes.places();
    return Object.values(now).filter((node) => node !== '').length === 3 && now;
  });
  const [made, pods] = [await scene.belongings(), scene.pods];
  const [writes] = await everyCut(async (last) => {
    const { primaries } = scene;
    const node = places[primaries.at(-1) ?? ''] ?? '';
    const isDone = async () => (await scene.isRunning()) && (await scene.primary()) !== primaries.at(-1);
    const move = await scene.work(last, () => nodes.cordon(node), isDone);
    expect(scene.primaries.slice(primaries.length), told(move)).toHaveLength(1);
    expect(await scene.belongings(), told(move)).toEqual(made);
    expect([scene.pods, await nodes.places()], told(move)).toEqual([pods, places]);
    await nodes.cordon(node, false);
    return [move];
  });
  expect(writes).toContain('Patroni: POST /switchover');
});
