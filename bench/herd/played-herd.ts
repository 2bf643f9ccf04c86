/**
 * A process of the herd bench: plays the node and, in its pods, Patroni and PostgreSQL of every cluster. Arguments:
 * seconds between heartbeats, kubeconfig of the administrator, and the files with certificate and key for PostgreSQL. It
 * tells its parent `HerdRequests` whenever that says anything, and ends with SIGTERM or with its parent.
 */
import { readFileSync } from 'node:fs';
import { Reflector } from '@pgherd/kube/cache';
import { createClient, findConnection, type Client, type RequestInfo } from '@pgherd/kube/client';
import { pods, type Logger, type Pod } from '@pgherd/kube/objects';
import { PlayedPatroni } from './played-patroni.ts';
import { PlayedPostgres } from './played-postgres.ts';
import { PodNetwork } from './pod-network.ts';

/** Requests so far, by who sent them and `verb resource code`. */
export interface HerdRequests {
  kubelet: Record<string, number>;
  patroni: Record<string, number>;
}

const [loopWait = '', kubeconfig = '', certificate = '', key = ''] = process.argv.slice(2);
const requests: HerdRequests = { kubelet: {}, patroni: {} };
const count =
  (who: keyof HerdRequests) =>
  ({ verb, resource, code }: RequestInfo): void => {
    const what = `${verb} ${resource} ${code}`;
    requests[who][what] = (requests[who][what] ?? 0) + 1;
  };

const say: Logger['warn'] = (_fields, message) => console.error(`herd: ${message}`);
const log: Logger = { error: say, warn: say, info: () => {}, debug: () => {} };

const connection = await findConnection({ kubeconfig });
/** Real Patronis have a connection each, and no handshakes after their start. */
const maxIdleConnections = 1000;
const kubelet = createClient(connection, { fieldManager: 'kubelet', onRequest: count('kubelet') });
const network = await PodNetwork.create();
const postgres = new PlayedPostgres({
  cert: readFileSync(certificate, 'utf8'),
  key: readFileSync(key, 'utf8'),
});
const clusters = new Map<string, PlayedPatroni>();
const running = new Map<string, { address: string; cluster: string }>();
const starting = new Set<string>();
/** A pod whose start failed is tried again after this time. */
const startAgainMs = 1_000;
/** Clients that speak as a service account, by its name. */
const accounts = new Map<string, Promise<Client>>();

const keyOf = ({ metadata }: Pod) => ({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' });

function clientOf(pod: Pod): Promise<Client> {
  const { namespace } = keyOf(pod);
  const name = pod.spec?.serviceAccountName ?? 'default';
  const known = accounts.get(`${namespace}/${name}`);
  if (known !== undefined) return known;
  const client = kubelet
    .createToken({ namespace, name }, { expirationSeconds: 24 * 3600 })
    .then(({ token }) => {
      const credentials = { get: async () => ({ headers: { authorization: `Bearer ${token}` } }) };
      const userAgent = 'Patroni/4.0.7 Python/3.13.5 Linux';
      // What the API server makes of that user agent; a real Patroni names no manager.
      const fieldManager = 'Patroni';
      return createClient(
        { ...connection, credentials },
        { userAgent, fieldManager, maxIdleConnections, onRequest: count('patroni') },
      );
    });
  accounts.set(`${namespace}/${name}`, client);
  return client;
}

async function patroniOf(pod: Pod): Promise<PlayedPatroni> {
  const { namespace } = keyOf(pod);
  const name = pod.metadata.labels?.['cluster-name'] ?? '';
  const client = await clientOf(pod);
  const known = clusters.get(`${namespace}/${name}`);
  if (known !== undefined) return known;
  const fresh = new PlayedPatroni(client, namespace, name, Number(loopWait) * 1000);
  clusters.set(`${namespace}/${name}`, fresh);
  return fresh;
}

/** What a kubelet does, without the time that images and programs take. */
async function look(pod: Pod): Promise<void> {
  const uid = pod.metadata.uid ?? '';
  if (pod.metadata.labels?.['cluster-name'] === undefined) return;
  if (pod.metadata.deletionTimestamp !== undefined) {
    await kubelet.delete(pods, keyOf(pod), { gracePeriodSeconds: 0, ignoreNotFound: true });
    return;
  }
  if (starting.has(uid) || running.has(uid)) return;
  starting.add(uid);
  try {
    const patroni = await patroniOf(pod);
    const cluster = `${keyOf(pod).namespace}/${pod.metadata.labels['cluster-name']}`;
    const address = await network.open({
      5432: (socket) => postgres.serve(socket, cluster),
      8008: (socket) => patroni.serve(socket),
    });
    running.set(uid, { address, cluster });
    const started = await kubelet.patchStatus(pods, keyOf(pod), {
      type: 'merge',
      body: { status: runs(address) },
    });
    patroni.start(started, address);
  } catch (error) {
    // Tried again from the beginning, as a kubelet does.
    const address = running.get(uid)?.address;
    running.delete(uid);
    if (address !== undefined) network.close(address);
    setTimeout(() => careful(look(pod)), startAgainMs);
    throw error;
  } finally {
    starting.delete(uid);
  }
}

function runs(address: string): NonNullable<Pod['status']> {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const types = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'];
  return {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: now,
    conditions: types.map((type) => ({ type, status: 'True', lastTransitionTime: now })),
    containerStatuses: [
      {
        name: 'postgres',
        image: 'played',
        imageID: 'played',
        containerID: `played://${address}`,
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      },
    ],
  };
}

async function forget(pod: Pod): Promise<void> {
  const uid = pod.metadata.uid ?? '';
  const was = running.get(uid);
  if (was === undefined) return;
  running.delete(uid);
  network.close(was.address);
  const patroni = clusters.get(was.cluster);
  await patroni?.end(pod.metadata.name ?? '');
  if (patroni?.isEmpty !== true) return;
  patroni.stop();
  clusters.delete(was.cluster);
}

/** A failure ends nothing: the next change of the pod is another try. */
function careful(work: Promise<void>): void {
  work.catch((error: unknown) =>
    console.error(`herd: ${error instanceof Error ? error.message : String(error)}`),
  );
}

const stop = new AbortController();
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
process.on('message', () => process.send?.(requests));

await new Reflector<Pod>({
  client: kubelet,
  resource: pods,
  logger: log,
  target: {
    replace: (items) => items.forEach((pod) => careful(look(pod))),
    upsert: (pod) => careful(look(pod)),
    remove: (pod) => careful(forget(pod)),
  },
}).run(stop.signal);
