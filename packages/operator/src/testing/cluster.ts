import { defaultConfiguration, type Configuration, type Postgresql } from '@pgherd/api';
import type { KubeObject, Pod, StatefulSet } from '@pgherd/kube/objects';
import { objectKey, type Desired } from '../kinds.ts';
import { secretName } from '../names.ts';
import { infrastructureOf } from '../observe/infrastructure-roles.ts';
import { memberOf } from '../observe/member.ts';
import type { Member, Observed } from '../observe/observed.ts';
import type { ObjectSource } from '../observe/source.ts';
import type { Remembered } from '../render/input.ts';

/** A manifest for tests: two members, one user, one database. */
export function testManifest(spec: Partial<Postgresql['spec']> = {}): Postgresql {
  return {
    apiVersion: 'acid.zalan.do/v1',
    kind: 'postgresql',
    metadata: { name: 'acid-demo', namespace: 'default', uid: 'uid-of-the-manifest', generation: 1 },
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { foo_user: [] },
      databases: { foo: 'foo_user' },
      ...spec,
    },
  };
}

/** The default but for Patroni's REST API, which is in the clear as in Zalando's clusters. */
export function testConfiguration(changes: Partial<Configuration> = {}): Configuration {
  return { ...defaultConfiguration(), enable_patroni_api_tls: false, ...changes };
}

/** A new cluster: nothing is remembered, and every password is as given. */
export function testRemembered(changes: Partial<Remembered> = {}): Remembered {
  return { secrets: new Map(), ...changes };
}

/** Secrets of these roles, still to be made, each with the password `x`. */
export function freshSecrets(
  roles: readonly string[],
  configuration: Configuration = testConfiguration(),
): Remembered['secrets'] {
  return new Map(
    roles.map((username) => [
      secretName(configuration, 'acid-demo', username),
      {
        credentials: undefined,
        upcoming: { username, password: 'x' },
        fresh: { username, password: 'x' },
      },
    ]),
  );
}

/** What a pod says, as kubelet and Patroni write it. */
export interface TestPod {
  ordinal: number;
  role?: 'primary' | 'replica';
  /** Default true: the container runs, and a replica streams. */
  streaming?: boolean;
  running?: boolean;
  /** Patroni's word for PostgreSQL; default: `running`, or `starting` for a replica that does not stream. */
  state?: string;
  /** A container beside PostgreSQL crashes: the pod is not ready. */
  sidecarCrashes?: boolean;
  /** How often the container was started again. */
  restarts?: number;
  deleting?: boolean;
  /** Default: nobody has said so. */
  ready?: boolean;
  revision?: string;
  location?: number;
  spec?: object;
}

const crashingSidecar = {
  name: 'sidecar',
  image: 'localhost/sidecar:1',
  imageID: '',
  ready: false,
  restartCount: 3,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
};

export function testPod(pod: TestPod): Pod {
  const { ordinal, role = 'replica', streaming = true, running = true } = pod;
  const ready = pod.sidecarCrashes === true ? false : pod.ready;
  const status = {
    role,
    state: pod.state ?? (streaming || role === 'primary' ? 'running' : 'starting'),
    timeline: 1,
    xlog_location: pod.location ?? 0,
    ...(role === 'replica' && streaming ? { replication_state: 'streaming' } : {}),
  };
  return {
    metadata: {
      name: `acid-demo-${ordinal}`,
      namespace: 'default',
      uid: `uid-${ordinal}`,
      resourceVersion: '1',
      labels: {
        application: 'spilo',
        'cluster-name': 'acid-demo',
        team: 'acid',
        'controller-revision-hash': pod.revision ?? 'old',
        'spilo-role': role === 'primary' ? 'master' : 'replica',
      },
      annotations: { status: JSON.stringify(status) },
      ...(pod.deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [], ...pod.spec },
    status: {
      phase: 'Running',
      podIP: `10.0.0.${ordinal + 1}`,
      ...(ready === undefined ? {} : { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] }),
      containerStatuses: [
        {
          name: 'postgres',
          image: '',
          imageID: '',
          ready: running,
          restartCount: pod.restarts ?? 0,
          state: running
            ? { running: { startedAt: '2026-01-01T00:00:00Z' } }
            : { waiting: { reason: 'CrashLoopBackOff' } },
        },
        ...(pod.sidecarCrashes === true ? [crashingSidecar] : []),
      ],
    },
  };
}

/** A world in which these objects and pods exist; `leader` holds the lock. */
export function testObserved(
  objects: Desired[],
  pods: Pod[] = [],
  more: Partial<Omit<Observed, 'objects' | 'members'>> = {},
): Observed {
  const live = new Map<string, KubeObject>(
    objects.map(({ kind, object }) => [
      objectKey(kind, object.metadata.namespace ?? '', object.metadata.name ?? ''),
      object,
    ]),
  );
  return {
    namespace: 'default',
    name: 'acid-demo',
    objects: live,
    members: pods
      .map((pod) => memberOf('acid-demo', pod))
      .filter((member): member is Member => member !== undefined),
    leader: undefined,
    syncStandbys: undefined,
    configuration: undefined,
    databaseFingerprint: undefined,
    ...more,
  };
}

/** The StatefulSet as its controller leaves it: everything seen, pods to be made from revision `new`. */
export function withStatus(desired: Desired, updateRevision: string): Desired {
  const object = desired.object as StatefulSet;
  return {
    kind: desired.kind,
    object: {
      ...object,
      metadata: { ...object.metadata, generation: 1, uid: 'uid-of-the-statefulset' },
      status: { replicas: object.spec?.replicas ?? 0, observedGeneration: 1, updateRevision },
    },
  };
}

/**
 * A place to look for objects of others; there are none of the cluster. With a configuration also what it names, of an
 * operator in the namespace `operator`.
 */
export function testSource(objects: Desired[], configuration?: Configuration): ObjectSource {
  const source: ObjectSource = {
    get: (kind, namespace, name) =>
      objects.find(
        ({ kind: each, object }) =>
          each === kind && object.metadata.namespace === namespace && object.metadata.name === name,
      )?.object,
    ofCluster: () => [],
  };
  if (configuration === undefined) return source;
  return { ...source, infrastructure: () => infrastructureOf(source, configuration, 'operator') };
}
