import { readStatus, type Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { kinds, type Kind } from '../kinds.ts';
import { criticalBudgetName, primaryBudgetName, primaryServiceName, replicaServiceName } from '../names.ts';
import { failure, json, type Answer } from './answer.ts';
import { redact, secretValues } from '../redact.ts';
import type { Subject } from './subject.ts';
import type { Work } from './worker-slots.ts';

/** `{team: [cluster, …]}`; teams in lower case. */
export function clustersByTeam({ manifests }: Pick<Subject, 'manifests'>): Record<string, string[]> {
  const teams = new Map<string, string[]>();
  for (const { metadata, spec } of manifests()) {
    const team = (spec.teamId ?? '').toLowerCase();
    teams.set(team, [...(teams.get(team) ?? []), metadata.name].sort());
  }
  return Object.fromEntries([...teams].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The clusters of one team. */
export function clustersOfTeam(subject: Subject, team: string): Answer {
  const clusters = clustersByTeam(subject);
  const found = Object.hasOwn(clusters, team.toLowerCase()) ? clusters[team.toLowerCase()] : undefined;
  return found === undefined ? failure(500, 'could not find clusters for the team') : json(found);
}

/** `{cluster: [database, …]}` of the manifests, sorted. */
export function databases({ manifests }: Subject): Record<string, string[]> {
  const entries = manifests().map(({ metadata, spec }): [string, string[]] => [
    metadata.name,
    Object.keys(spec.databases ?? {}).sort(),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The manifest of a cluster, given to `found`; an error of Zalando's shape when there is none. */
export function ofCluster(
  { manifests }: Subject,
  namespace: string,
  name: string,
  found: (manifest: Postgresql) => unknown,
): Answer {
  const manifest = manifests().find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  );
  return manifest === undefined ? failure(500, 'could not find cluster') : json(found(manifest));
}

/** Everything about one cluster: its manifest, its status, and the objects that belong to it. */
export function clusterAnswer(subject: Subject, manifest: Postgresql): unknown {
  const { configuration } = subject.settings();
  const { name, namespace = '' } = manifest.metadata;
  const key = `${namespace}/${name}`;
  const values = secretValues(configuration);
  const show = (object: unknown) => redact(object, values);
  const find = (kind: Kind, wanted: string): unknown => {
    const found: KubeObject | undefined = subject.find(kind, namespace, wanted);
    return found === undefined ? null : show(found);
  };
  const { lastError, ...status } = readStatus(manifest.status);
  return {
    Team: manifest.spec.teamId ?? '',
    Cluster: name,
    Namespace: namespace,
    MasterService: find(kinds.service, primaryServiceName(name)),
    ReplicaService: find(kinds.service, replicaServiceName(name)),
    MasterEndpoint: find(kinds.endpoints, primaryServiceName(name)),
    ReplicaEndpoint: find(kinds.endpoints, replicaServiceName(name)),
    StatefulSet: find(kinds.statefulSet, name),
    PrimaryPodDisruptionBudget: find(kinds.podDisruptionBudget, primaryBudgetName(configuration, name)),
    CriticalOpPodDisruptionBudget: find(kinds.podDisruptionBudget, criticalBudgetName(name)),
    CurrentProcess: processAnswer(subject.slots.workOn(key)),
    Worker: subject.slots.workerOf(key),
    Status: { PostgresClusterStatus: '', ...status },
    Spec: show(manifest.spec),
    Error: lastError ?? null,
  };
}

/** Go's zero time, which Zalando's operator answers when nothing is done. */
const never = '0001-01-01T00:00:00Z';

/** What is done at the moment; a pass has one name, because what it does is decided on its way. */
export function processAnswer(work: Work | undefined): unknown {
  return { Name: work === undefined ? '' : 'Sync', StartTime: work?.startedAt.toISOString() ?? never };
}
