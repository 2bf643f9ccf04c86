import { ApiError, deployments, replicaSets } from '@pgherd/kube/objects';
import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';
import type { EventRecorder } from '../event-recorder.ts';
import { Objects, controllerOf, sameJson, withMetadata } from '../objects.ts';
import { replicasOf } from './amounts.ts';
import { REVISION, newestAnnotations } from './annotations.ts';
import { conditionOf, hasDeadline, withCondition } from './conditions.ts';
import type { Said } from './conditions.ts';
import { buildNewest, nextRevision, sameTemplate } from './family.ts';
import type { Family } from './family.ts';

/** What a pass works with. `deployment` is what was stored last. */
export interface Pass {
  objects: Objects;
  events: EventRecorder;
  deployment: Deployment;
  family: Family;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Brings number, annotations and `minReadySeconds` of the present template's set up to date, if there is one. */
export function syncNewest(pass: Pass): void {
  const { objects, deployment, family } = pass;
  const { newest } = family;
  if (!newest) return;
  const annotations = newestAnnotations(deployment, newest, nextRevision(family));
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const settled =
    sameJson(annotations, newest.metadata.annotations ?? {}) &&
    (newest.spec?.minReadySeconds ?? 0) === minReadySeconds;
  if (!settled && newest.spec) {
    const next = { ...withMetadata(newest, { annotations }), spec: { ...newest.spec, minReadySeconds } };
    family.newest = objects.update(replicaSets, next);
  }
  const found = conditionOf(deployment.status?.conditions, 'Progressing') === undefined;
  const message = `Found new replica set "${newest.metadata.name}"`;
  const said: Said = { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message };
  tellRevision(pass, family.newest?.metadata.annotations?.[REVISION] ?? '', found ? said : undefined);
}

/** Makes the set of the present template. Throws when the name is taken; the next pass tries another one. */
export function makeNewest(pass: Pass): void {
  const { objects, events, deployment, family } = pass;
  if (family.newest) return;
  const wanted = buildNewest(deployment, family, deployment.status?.collisionCount ?? 0);
  const { name = '', namespace } = wanted.metadata;
  const revision = wanted.metadata.annotations?.[REVISION] ?? '';
  let made: ReplicaSet;
  try {
    made = objects.create(replicaSets, wanted);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason !== 'AlreadyExists') throw failed(pass, name, error);
    const present = objects.get(replicaSets, namespace, name);
    const ours =
      present &&
      controllerOf(present)?.uid === deployment.metadata.uid &&
      sameTemplate(present.spec?.template, deployment.spec?.template);
    if (!ours) {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      writeStatus(pass, { ...deployment.status, collisionCount });
      throw error;
    }
    family.newest = present;
    tellRevision(pass, revision, undefined);
    return;
  }
  family.newest = made;
  if (replicasOf(made) > 0) {
    const message = `Scaled up replica set ${name} to ${replicasOf(made)}`;
    events.record(deployment, 'Normal', 'ScalingReplicaSet', message);
  }
  const message = `Created new replica set "${name}"`;
  tellRevision(pass, revision, {
    type: 'Progressing',
    status: 'True',
    reason: 'NewReplicaSetCreated',
    message,
  });
}

/** Writes the status (and annotations) unless they are what they were. */
export function writeStatus(
  pass: Pass,
  status: NonNullable<Deployment['status']>,
  annotations = pass.deployment.metadata.annotations ?? {},
): void {
  const { objects, deployment } = pass;
  const same =
    sameJson(status, deployment.status ?? {}) && sameJson(annotations, deployment.metadata.annotations ?? {});
  if (same) return;
  pass.deployment = objects.updateStatus(deployments, {
    ...withMetadata(deployment, Object.keys(annotations).length > 0 ? { annotations } : {}),
    status,
  });
}

/** The Deployment has the number of its newest set, for `kubectl rollout`. Written with the status: no new generation. */
function tellRevision(pass: Pass, revision: string, said: Said | undefined): void {
  const { deployment } = pass;
  const conditions = deployment.status?.conditions ?? [];
  const told = said && hasDeadline(deployment) ? withCondition(conditions, said, pass.now()) : conditions;
  const status = told.length > 0 ? { ...deployment.status, conditions: told } : { ...deployment.status };
  writeStatus(pass, status, { ...deployment.metadata.annotations, [REVISION]: revision });
}

function failed(pass: Pass, name: string, error: ApiError): ApiError {
  const { deployment, events } = pass;
  const going = error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
  if (going) return error;
  const message = `Failed to create new replica set "${name}": ${error.message}`;
  const reason = 'ReplicaSetCreateError';
  if (hasDeadline(deployment)) {
    const said: Said = { type: 'Progressing', status: 'False', reason, message };
    const conditions = withCondition(deployment.status?.conditions ?? [], said, pass.now());
    writeStatus(pass, { ...deployment.status, conditions });
  }
  events.record(deployment, 'Warning', reason, message);
  return error;
}
