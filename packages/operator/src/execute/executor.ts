import { isAlreadyExists, isConflict, isNotFound, type Client } from '@pgherd/kube/client';
import type { KubeObject } from '@pgherd/kube/objects';
import type { PatroniClient } from '@pgherd/patroni';
import type { Declared } from '@pgherd/postgres';
import { kinds, postgresqls, type Kind } from '../kinds.ts';
import type { Member } from '../observe/observed.ts';
import { appliedAnnotation, fieldManager } from '../names.ts';
import type { Action, Step } from '../plan/step.ts';
import type { PoolerPause } from '../poolers/pause.ts';
import type { Credentials } from '../render/input.ts';
import type { DiskWatch } from '../disks/disk-watch.ts';
import type { DatabaseAccess } from './database-access.ts';
import { refuseAnothers, takeSecret } from './ownership.ts';
import { pausingPoolers, type PauseEnd } from './pause-poolers.ts';
import { growFileSystem } from './grow-file-system.ts';
import { podHelp } from './pod-help.ts';
import { switchOver } from './switch-over.ts';
import { refuseForeign } from './foreign-object.ts';
import { reachesPostgres } from './reaches-postgres.ts';
import { rebuildMember } from './rebuild-member.ts';
import { restartMember } from './restart-member.ts';

/** The outside world that steps act on. */
export interface Hands {
  client: Client;
  /** Patroni's REST API at a pod's address. */
  patroni(address: string): PatroniClient;
  database: DatabaseAccess;
  /** Amazon's API; absent: nothing is ever asked of it. */
  disks?: Pick<DiskWatch, 'modify'>;
  /** Told of every object as it was written, so that the caches know before the watch does. */
  written(kind: Kind, object: KubeObject): void;
  /** Told of every pod of a pooler that was to be paused, when that is over. */
  pauseEnded?(end: PauseEnd): void;
}

/** What belongs to the cluster that steps are carried out for. */
export interface StepContext {
  namespace: string;
  name: string;
  superuser: Credentials | undefined;
  declared: Declared;
  /** Password that the superuser got in with last, if it was another one. */
  formerPassword?: string | undefined;
  /** Called when the database was reached, with the superuser's password in force. */
  letIn(): void;
  /** Members whose pods log in as this role and started before its Secret was last written. */
  startedBefore(role: string): Member[];
  /** Called with the roles that exist, as far as it was looked. */
  rolesSeen(roles: ReadonlySet<string>): void;
  /** Called with the fingerprint after the database was brought in line. */
  databaseDone(fingerprint: string): void;
}

/** What a step has to tell besides that it was done. */
export interface StepReport {
  /** Details for people, e.g. what was done in the database. */
  notes: string[];
  /** What could not be done, although the step as a whole went through. */
  problems: string[];
}

const nothingToTell: StepReport = { notes: [], problems: [] };

/**
 * Carries out one step. Each can be repeated, and the process can be killed at any point of it: nothing but the world
 * itself says what was done.
 */
export async function carryOut(hands: Hands, context: StepContext, step: Step): Promise<StepReport> {
  const { action } = step;
  switch (action.type) {
    case 'apply':
      if (action.owner !== undefined)
        await refuseAnothers(hands.client, action.kind, action.object, action.owner);
      if (action.isNew === true) await refuseForeign(hands.client, action.kind, action.object);
      await takeOverFields(hands, action);
      await apply(hands, action);
      return nothingToTell;
    case 'create':
      await create(hands, action);
      return nothingToTell;
    case 'delete': {
      await checkpoint(hands, context, action.checkpoint);
      const { notes } = await paused(hands, step.poolers, async (pause) => {
        await pause();
        await remove(hands, action);
      });
      return { notes, problems: [] };
    }
    case 'patch':
      await patch(hands, action);
      return nothingToTell;
    case 'switchover': {
      const { result, notes } = await paused(hands, step.poolers, (pause) =>
        switchOver((address) => hands.patroni(address), action, {
          prepare: () => checkpoint(hands, context, action.leaderAddress),
          pause,
        }),
      );
      return { notes: [result, ...notes], problems: [] };
    }
    case 'restart':
      return restart(hands, context, action, step.poolers);
    case 'rebuild':
      return rebuild(hands, context, action);
    case 'configure':
      await configure(hands, context, action);
      return nothingToTell;
    case 'sql':
      return bringInLine(hands, context, action);
    case 'disk':
      if (hands.disks === undefined) throw new Error('nobody asks Amazon here');
      await hands.disks.modify(action.disk, action.change);
      return nothingToTell;
    case 'file-system':
      await growFileSystem(hands.client, context.namespace, action.pod);
      return nothingToTell;
    default:
      return action satisfies never;
  }
}

/** Acts while these poolers are paused. */
function paused<T>(
  hands: Hands,
  poolers: PoolerPause | undefined,
  act: (pause: () => Promise<void>) => Promise<T>,
): Promise<{ result: T; notes: string[] }> {
  return pausingPoolers(hands.client, poolers, act, (end) => hands.pauseEnded?.(end));
}

/** A newer version of the object than the one that was looked at is a conflict: it is looked at again. */
async function takeOverFields(hands: Hands, action: Extract<Action, { type: 'apply' }>): Promise<void> {
  const { kind, object, takeOver } = action;
  if (takeOver === undefined) return;
  const { name = '', namespace = '' } = object.metadata;
  const operations = [
    { op: 'replace', path: '/metadata/managedFields', value: takeOver.managedFields },
    { op: 'replace', path: '/metadata/resourceVersion', value: takeOver.resourceVersion },
  ];
  const written = await hands.client.patch(
    kind,
    { namespace, name },
    { type: 'json', operations },
    { fieldManager },
  );
  hands.written(kind, written);
}

async function apply(hands: Hands, { kind, object }: Extract<Action, { type: 'apply' }>): Promise<void> {
  hands.written(kind, await hands.client.apply(kind, object, { force: true, fieldManager }));
}

/** What exists already stays as it is; only a Secret for a role is made the cluster's. */
async function create(hands: Hands, action: Extract<Action, { type: 'create' }>): Promise<void> {
  const { kind, object, owner } = action;
  try {
    hands.written(kind, await hands.client.create(kind, object, { fieldManager }));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    if (owner !== undefined) hands.written(kind, await takeSecret(hands.client, object, owner));
  }
}

/** Deletes exactly the object that was looked at. One that is gone or was made again meanwhile is fine. */
async function remove({ client }: Hands, action: Extract<Action, { type: 'delete' }>): Promise<void> {
  const { kind, namespace, name, uid, orphan } = action;
  try {
    await client.delete(
      kind,
      { namespace, name },
      {
        ignoreNotFound: true,
        ...(uid === '' ? {} : { preconditions: { uid } }),
        ...(orphan === true ? { propagationPolicy: 'Orphan' } : { propagationPolicy: 'Background' }),
      },
    );
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Patches exactly the version that was looked at; a newer one is looked at again. */
async function patch(hands: Hands, action: Extract<Action, { type: 'patch' }>): Promise<void> {
  const { kind, namespace, name, patch: body } = action;
  try {
    const key = { namespace, name };
    hands.written(kind, await hands.client.patch(kind, key, { type: 'merge', body }, { fieldManager }));
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** First the note, so that a pass that is killed in between does not begin it anew at once. */
async function rebuild(
  hands: Hands,
  { namespace }: StepContext,
  action: Extract<Action, { type: 'rebuild' }>,
): Promise<StepReport> {
  const body = { metadata: { annotations: action.note } };
  const note = () =>
    patch(hands, { type: 'patch', kind: kinds.pod, namespace, name: action.member, patch: body });
  const canReach = (member: string, address: string) =>
    reachesPostgres(hands.client, { namespace, name: member }, address);
  const patroni = (address: string) => hands.patroni(address);
  const said = await rebuildMember({ patroni, canReach, note }, action);
  return said === '' ? nothingToTell : { notes: [said], problems: [] };
}

async function restart(
  hands: Hands,
  context: StepContext,
  action: Extract<Action, { type: 'restart' }>,
  poolers: PoolerPause | undefined,
): Promise<StepReport> {
  await checkpoint(hands, context, action.checkpoint);
  const { result: said, notes } = await paused(hands, poolers, (pause) =>
    restartMember((address) => hands.patroni(address), action, pause),
  );
  return said === '' ? nothingToTell : { notes: [said, ...notes], problems: [] };
}

/** What the stop need not write then, while nobody can use the database. It is a help and no condition. */
async function checkpoint({ database }: Hands, { superuser }: StepContext, address = ''): Promise<void> {
  if (address === '' || superuser === undefined) return;
  await database.checkpoint?.(address, superuser).catch(() => undefined);
}

/** First Patroni, then our note of it: a note that is missing is written by the next pass. */
async function configure(
  hands: Hands,
  context: StepContext,
  action: Extract<Action, { type: 'configure' }>,
): Promise<void> {
  if (Object.keys(action.patch).length > 0) {
    await hands.patroni(action.address).patchConfig(action.patch);
  }
  const body = { metadata: { annotations: { [appliedAnnotation]: JSON.stringify(action.applied) } } };
  await patch(hands, {
    type: 'patch',
    kind: postgresqls,
    namespace: context.namespace,
    name: context.name,
    patch: body,
  });
}

async function bringInLine(
  hands: Hands,
  context: StepContext,
  action: Extract<Action, { type: 'sql' }>,
): Promise<StepReport> {
  if (context.superuser === undefined) {
    throw new Error('the Secret of the superuser does not exist, or has no username and password in it');
  }
  const { done, postponed, problems, roles } = await hands.database.bringInLine(
    action.address,
    context.superuser,
    context.declared,
    podHelp(hands, context, action.leader),
  );
  if (roles !== undefined) context.rolesSeen(roles);
  context.letIn();
  if (problems.length === 0) context.databaseDone(action.fingerprint);
  return { notes: [...done, ...postponed], problems };
}
