import { readStatus, type MemberStatus, type Postgresql, type ScheduledStatus } from '@pgherd/api';
import {
  configMaps,
  endpoints,
  endpointSlices,
  persistentVolumeClaims,
  pods,
  secrets,
  services,
  type ConfigMap,
  type Endpoints,
  type EndpointSlice,
  type KubeObject,
  type Pod,
  type Secret,
  type Service,
} from '@pgherd/kube/objects';
import {
  isOn,
  lagOf,
  parseConfig,
  parseFailover,
  parseLeader,
  parseMember,
  parseSync,
  patroniObjectNames,
  movedTo,
  type PatroniStore,
} from '@pgherd/patroni';
import { findLabels } from './labels.ts';
import type { ConnectionRow, EndpointRow, MemberRow, Overview } from './overview.ts';
import { gatherPoolers } from './poolers.ts';
import { databaseOf } from './psql.ts';
import type { Target } from './target.ts';

type Annotations = Record<string, string> | undefined;
type PatroniObject = ConfigMap | Endpoints;

/** What Patroni wrote to its objects. */
export interface PatroniAnnotations {
  leader: Annotations;
  config: Annotations;
  sync: Annotations;
  failover: Annotations;
}

/** Patroni's objects of one cluster, by the store that they are in. */
export function patroniState(
  name: string,
  found: { endpoints: Endpoints[]; configMaps: ConfigMap[] },
): PatroniAnnotations {
  const readFrom = (objects: PatroniObject[], store: PatroniStore) => {
    const names = patroniObjectNames(name, store);
    const annotations = (wanted: string): Annotations =>
      objects.find((object) => object.metadata?.name === wanted)?.metadata?.annotations;
    return {
      leader: annotations(names.leader),
      config: annotations(names.config),
      sync: annotations(names.sync),
      failover: annotations(names.failover),
    };
  };
  const inConfigMaps = readFrom(found.configMaps, 'configmaps');
  const isElsewhere = inConfigMaps.leader === undefined || movedTo(inConfigMaps.leader) === 'endpoints';
  return isElsewhere ? readFrom(found.endpoints, 'endpoints') : inConfigMaps;
}

function memberRow(pod: Pod, state: PatroniAnnotations, told: MemberStatus[]): MemberRow {
  const name = pod.metadata?.name ?? '';
  const member = parseMember(name, pod.metadata?.annotations?.['status']);
  const leader = parseLeader(state.leader);
  const isLeader = leader.leader === name;
  const lag = isLeader ? 0 : lagOf(leader.optime, member.xlogLocation);
  const synchronous = parseSync(state.sync).standbys.includes(name);
  const container = pod.status?.containerStatuses?.find((status) => status.name === 'postgres');
  return {
    name,
    role: `${synchronous && !isLeader ? 'sync ' : ''}${member.role ?? (isLeader ? 'primary' : 'unknown')}`,
    // The operator asks the leader; what a member publishes itself is up to ten seconds old.
    state:
      member.replicationState ??
      told.find((each) => each.name === name)?.state ??
      member.state ??
      pod.status?.phase ??
      'unknown',
    ...(member.timeline === undefined ? {} : { timeline: member.timeline }),
    ...(lag === undefined ? {} : { lagBytes: lag }),
    ready: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    restarts: container?.restartCount ?? 0,
    node: pod.spec?.nodeName ?? '',
    pendingRestart: member.pendingRestart,
  };
}

/** Names of the pods that a Service leads to, from its EndpointSlices or, without any, its Endpoints. */
function podsBehind(service: string, slices: EndpointSlice[], legacy: Endpoints[]): string[] {
  const own = slices.filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === service);
  const fromSlices = own
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .map((endpoint) => endpoint.targetRef?.name ?? endpoint.addresses.join(','));
  const subsets = legacy.find((object) => object.metadata?.name === service)?.subsets ?? [];
  const fromEndpoints = subsets
    .flatMap((subset) => subset.addresses ?? [])
    .map((address) => address.targetRef?.name ?? address.ip);
  return [...new Set(own.length > 0 ? fromSlices : fromEndpoints)].sort();
}

function endpointRow(
  service: Service,
  roleLabel: string,
  slices: EndpointSlice[],
  legacy: Endpoints[],
): EndpointRow {
  const port = service.spec?.ports?.[0]?.port;
  return {
    service: service.metadata?.name ?? '',
    role: service.metadata?.labels?.[roleLabel] ?? '',
    address: service.spec?.clusterIP === 'None' ? 'headless' : `${service.spec?.clusterIP}:${port ?? ''}`,
    pods: podsBehind(service.metadata?.name ?? '', slices, legacy),
  };
}

function connectionRow(secret: Secret, cluster: Postgresql & KubeObject): ConnectionRow | undefined {
  const said = (key: string): string | undefined => {
    const encoded = secret.data?.[key];
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
  };
  const user = said('username');
  if (user === undefined) return undefined;
  // Secrets of Zalando's operator have neither host nor database.
  const host = said('host') ?? `${cluster.metadata.name}.${cluster.metadata.namespace}.svc.cluster.local`;
  const database = encodeURIComponent(said('dbname') ?? databaseOf(user, cluster) ?? 'postgres');
  return {
    user,
    secret: secret.metadata?.name ?? '',
    uri: `postgresql://${encodeURIComponent(user)}:***@${host}:5432/${database}?sslmode=require`,
  };
}

/** `synchronous`, `quorum` or `asynchronous`, from Patroni's dynamic configuration. */
function replicationMode(config: Annotations): string {
  const mode = parseConfig(config).config?.['synchronous_mode'];
  if (mode === undefined || mode === false || mode === 'off' || mode === 'false') return 'asynchronous';
  return mode === 'quorum' ? 'quorum' : 'synchronous';
}

/** As Patroni says itself: the operator's status may be a moment older. */
function scheduledIn(state: PatroniAnnotations, members: Pod[]): ScheduledStatus[] {
  const asked = parseFailover(state.failover);
  const restarts = members.flatMap(({ metadata }) => {
    const member = parseMember(metadata?.name ?? '', metadata?.annotations?.['status']);
    return member.scheduledRestart === undefined
      ? []
      : [{ what: `restart of ${member.name}`, at: member.scheduledRestart }];
  });
  if (asked?.scheduledAt === undefined) return restarts;
  const from = asked.leader === undefined ? '' : ` from ${asked.leader}`;
  const to = asked.candidate === undefined ? '' : ` to ${asked.candidate}`;
  return [{ what: `switchover${from}${to}`, at: asked.scheduledAt }, ...restarts];
}

/** Reads all that `pgherd show` prints: one get and nine lists, whatever the size of the cluster. */
export async function gatherOverview(target: Target, cluster: Postgresql & KubeObject): Promise<Overview> {
  const { client } = target;
  const name = cluster.metadata.name ?? '';
  const namespace = cluster.metadata.namespace ?? target.namespace;
  const { selector, roleLabel } = await findLabels({ ...target, namespace }, name);
  const selection = { namespace, labelSelector: selector };
  const [podList, claimList, serviceList, endpointsList, sliceList, mapList, secretList, poolers] =
    await Promise.all([
      client.list(pods, selection),
      client.list(persistentVolumeClaims, selection),
      client.list(services, selection),
      client.list(endpoints, selection),
      client.list(endpointSlices, { namespace }),
      client.list(configMaps, selection),
      client.list(secrets, selection),
      gatherPoolers(client, namespace, name),
    ]);
  const state = patroniState(name, { endpoints: endpointsList.items, configMaps: mapList.items });
  const status = readStatus(cluster.status);
  return {
    namespace,
    name,
    team: cluster.spec.teamId,
    version: cluster.spec.postgresql.version,
    status: status.PostgresClusterStatus ?? '',
    generation: cluster.metadata.generation ?? 0,
    ...(status.observedGeneration === undefined ? {} : { observedGeneration: status.observedGeneration }),
    instances: status.instances ?? cluster.spec.numberOfInstances,
    replication: replicationMode(state.config),
    members: podList.items
      .map((pod) => memberRow(pod, state, status.members ?? []))
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    volumes: claimList.items.map((claim) => ({
      claim: claim.metadata?.name ?? '',
      phase: claim.status?.phase ?? '',
      size: claim.status?.capacity?.['storage'] ?? claim.spec?.resources?.requests?.['storage'] ?? '',
      storageClass: claim.spec?.storageClassName ?? '',
      volume: claim.spec?.volumeName ?? '',
    })),
    endpoints: serviceList.items
      .filter((service) => service.spec?.ports?.length)
      .map((service) => endpointRow(service, roleLabel, sliceList.items, endpointsList.items)),
    poolers,
    conditions: status.conditions ?? [],
    steps: status.steps ?? [],
    stepsLeft: status.stepsLeft ?? 0,
    paused: isOn(parseConfig(state.config).config?.['pause']),
    scheduled: scheduledIn(state, podList.items),
    ...(status.lastError === undefined ? {} : { lastError: status.lastError }),
    connections: secretList.items
      .map((secret) => connectionRow(secret, cluster))
      .filter((row) => row !== undefined)
      .sort((a, b) => a.user.localeCompare(b.user)),
  };
}
