import type { Affinity, Container, EnvVar, PodTemplateSpec } from '@pgherd/kube/objects';
import { podAnnotations, type Labels } from '../labels.ts';
import { poolerSecretName, primaryServiceName, replicaServiceName, secretName } from '../names.ts';
import { nodeAffinity, podAntiAffinity } from './affinity.ts';
import { fromSecret, ifSet, isSet } from './variables.ts';
import { identityOf, type RenderInput, type UserList } from './input.ts';
import { infrastructureVariable, poolerInfrastructure } from './pooler-infrastructure.ts';
import { poolerSchema, poolerUser, type Pooler } from './poolers.ts';
import { containerResources } from './resources.ts';
import { tlsFiles } from './tls.ts';
import { tolerationsOf } from './tolerations.ts';
import { versionAnnotation } from './user-list.ts';
import { tlsVolumes, volumeName, volumesOf } from './volumes.ts';

/** User and group of the pooler's image. */
const [runAsUser, runAsGroup] = [100, 101];

/** Clients that each pod takes. */
const maxClientConnections = 10_000;

const port = 5432;

/** How many pods a pooler has. */
export function instancesOfPooler({ manifest, configuration }: RenderInput): number {
  const { numberOfInstances } = manifest.spec.connectionPooler ?? {};
  return Math.max(1, numberOfInstances ?? configuration.connection_pooler_number_of_instances);
}

/** Template of a pooler's pods. */
export function podTemplateOfPooler(
  input: RenderInput,
  pooler: Pooler,
  { labels, selector, users }: { labels: Labels; selector: Labels; users: UserList },
): PodTemplateSpec {
  const { manifest, configuration } = input;
  const secret = poolerSecretName(pooler.name);
  const tls = tlsVolumes(manifest);
  const affinity = affinityOf(input, selector);
  const fsGroup = manifest.spec.spiloFSGroup ?? configuration.spilo_fsgroup;
  return {
    metadata: {
      namespace: identityOf(manifest).namespace,
      labels,
      annotations: { ...podAnnotations(configuration, manifest), ...versionAnnotation(users) },
    },
    spec: {
      serviceAccountName: configuration.pod_service_account_name,
      terminationGracePeriodSeconds: Math.round(configuration.pod_terminate_grace_period / 1000),
      securityContext: { runAsUser, runAsGroup, ...(fsGroup === undefined ? {} : { fsGroup }) },
      tolerations: tolerationsOf(input),
      ...(affinity === undefined ? {} : { affinity }),
      containers: [
        {
          ...container(input, pooler),
          volumeMounts: [
            ...tls.map(({ mount }) => mount),
            {
              name: volumeName(secret),
              mountPath: '/etc/pgbouncer/userlist.txt',
              subPath: 'userlist.txt',
              readOnly: true,
            },
          ],
        },
      ],
      volumes: [...volumesOf(tls), { name: volumeName(secret), secret: { secretName: secret } }],
    },
  };
}

function affinityOf({ manifest, configuration }: RenderInput, selector: Labels): Affinity | undefined {
  const node = nodeAffinity(configuration, manifest.spec.nodeAffinity);
  const affinity = {
    ...(node === undefined ? {} : { nodeAffinity: node }),
    ...podAntiAffinity(configuration, selector),
  };
  return Object.keys(affinity).length > 0 ? affinity : undefined;
}

function container(input: RenderInput, pooler: Pooler): Container {
  const { manifest, configuration } = input;
  const wanted = manifest.spec.connectionPooler ?? {};
  const defaults = {
    requests: {
      cpu: configuration.connection_pooler_default_cpu_request,
      memory: configuration.connection_pooler_default_memory_request,
    },
    limits: {
      cpu: configuration.connection_pooler_default_cpu_limit,
      memory: configuration.connection_pooler_default_memory_limit,
    },
  };
  return {
    name: 'connection-pooler',
    image: isSet(wanted.dockerImage) ? wanted.dockerImage : configuration.connection_pooler_image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ containerPort: port, protocol: 'TCP' }],
    env: environment(input, pooler),
    resources: containerResources(configuration, wanted.resources, defaults),
    readinessProbe: { tcpSocket: { port } },
    securityContext: { allowPrivilegeEscalation: false },
  };
}

/** In Zalando's order. */
function environment(input: RenderInput, pooler: Pooler): EnvVar[] {
  const { manifest, configuration } = input;
  const { name } = identityOf(manifest);
  const wanted = manifest.spec.connectionPooler ?? {};
  const secret = secretName(configuration, name, poolerUser(input));
  const service = pooler.role === 'master' ? primaryServiceName(name) : replicaServiceName(name);
  const schema = poolerSchema(input);
  const sizes = sizesOf(input);
  const existing = input.remembered.poolerInfrastructure?.get(pooler.name);
  return [
    { name: 'PGHOST', value: service },
    { name: 'PGPORT', value: String(port) },
    fromSecret('PGUSER', secret, 'username'),
    { name: 'PGSCHEMA', value: schema },
    fromSecret('PGPASSWORD', secret, 'password'),
    { name: 'CONNECTION_POOLER_PORT', value: String(port) },
    { name: 'CONNECTION_POOLER_MODE', value: wanted.mode ?? configuration.connection_pooler_mode },
    { name: 'CONNECTION_POOLER_DEFAULT_SIZE', value: String(sizes.default) },
    { name: 'CONNECTION_POOLER_MIN_SIZE', value: String(sizes.smallest) },
    { name: 'CONNECTION_POOLER_RESERVE_SIZE', value: String(sizes.reserve) },
    { name: 'CONNECTION_POOLER_MAX_CLIENT_CONN', value: String(maxClientConnections) },
    { name: 'CONNECTION_POOLER_MAX_DB_CONN', value: String(sizes.database) },
    ...ifSet('INFRASTRUCTURE_ROLES', infrastructureVariable(poolerInfrastructure(input), existing)),
    ...tls(input),
  ];
}

/** Connections to the database by each pod: all that it may have, and what a pool of one user and database gets. */
function sizesOf(input: RenderInput): {
  database: number;
  default: number;
  smallest: number;
  reserve: number;
} {
  const { manifest, configuration } = input;
  const { maxDBConnections } = manifest.spec.connectionPooler ?? {};
  const all = maxDBConnections ?? configuration.connection_pooler_max_db_connections;
  // 0 is no limit to PgBouncer, which is not what a small number means.
  const database = all > 0 ? Math.max(1, Math.trunc(all / instancesOfPooler(input))) : 0;
  const half = Math.trunc(database / 2);
  const quarter = Math.trunc(half / 2);
  return { database, default: half, smallest: quarter, reserve: quarter };
}

function tls({ manifest }: RenderInput): EnvVar[] {
  const files = tlsFiles(manifest);
  if (files === undefined) return [];
  return [
    { name: 'CONNECTION_POOLER_CLIENT_TLS_CRT', value: files.certificate },
    { name: 'CONNECTION_POOLER_CLIENT_TLS_KEY', value: files.privateKey },
    ...(files.ca === undefined ? [] : [{ name: 'CONNECTION_POOLER_CLIENT_CA_FILE', value: files.ca }]),
  ];
}
