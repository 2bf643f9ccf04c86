import { formatProblem, readStatus, type Configuration, type Postgresql } from '@pgherd/api';
import type { KubeObject, Secret } from '@pgherd/kube/objects';
import type { Declared, NewServer } from '@pgherd/postgres';
import { kinds, objectKey, type Desired, type Kind } from '../kinds.ts';
import { poolerName, poolerSecretName } from '../names.ts';
import { observe } from '../observe/observe.ts';
import type { DiskSight } from '../disks/disk-sight.ts';
import { find, leaderOf, type Observed } from '../observe/observed.ts';
import type { ObjectSource } from '../observe/source.ts';
import { databaseFingerprint, planDatabase } from '../plan/database.ts';
import { planDeletion } from '../plan/deletion.ts';
import { plan } from '../plan/plan.ts';
import type { Plan, Step } from '../plan/step.ts';
import { encode } from '../secrets/contents.ts';
import type { SecretChange } from '../secrets/role-secret.ts';
import type { Settings } from '../settings.ts';
import { assess } from './assess.ts';
import { goalOf, type Circumstances, type PassGoal } from './goal.ts';

/** What a plan is made from. */
export interface PreviewInput {
  /** As it would stand in Kubernetes. */
  manifest: Postgresql;
  /** As it stands there now; undefined for a new cluster. */
  live: (Postgresql & KubeObject) | undefined;
  settings: Settings;
  source: ObjectSource;
  /** Kinds that could not be read: steps about them would be guesses. */
  unreadable: readonly Kind[];
  /** The roles of all clusters are configured, and could not be read: poolers are told of them. */
  isInfrastructureHidden?: boolean;
  /** What is known of Amazon's disks; absent: they were not asked for. */
  disks?: DiskSight;
  /** The manifest is deleted instead of applied. */
  deleted: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

/** What the operator would do and say. */
export interface Preview {
  plan: Plan;
  /** Why it would do nothing at all. */
  errors: string[];
  warnings: string[];
  /** What should be true inside PostgreSQL; absent when nothing is to be done there. */
  database?: {
    /** With roles whose Secrets are still to be made, under a password that stands for theirs. */
    declared: Declared;
    /** Pod of the primary, when there is one to look into. */
    primary: string | undefined;
    /** What the server will be made with; absent for a cluster that exists. */
    newServer?: NewServer;
    /** The step that would do it. */
    step: Step;
  };
}

/** The operator's own way from a manifest to a plan, over the objects that there are now. Pure. */
export function preview(input: PreviewInput): Preview {
  const { settings, source, manifest, live } = input;
  const { configuration } = settings;
  const cluster = { namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name };
  const observed: Observed = {
    ...observe(source, configuration, cluster, {
      databaseFingerprint: undefined,
      ...(isInLine(input) ? { databaseRoles: 'assumed' } : {}),
    }),
    ...(input.disks === undefined ? {} : { disks: input.disks }),
  };
  const blind = input.unreadable.map(
    (kind) => `you may not list ${kind.plural}: steps about them are left out`,
  );
  const isHidden = input.isInfrastructureHidden === true;
  if (isHidden)
    blind.push(
      'you may not read the Secrets with the roles of all clusters: steps about these roles and about poolers are left out',
    );
  if (input.deleted) {
    const kept = keptVolumes(configuration, observed);
    return { plan: planDeletion(configuration, observed), errors: [], warnings: [...blind, ...kept] };
  }
  const { manifest: current, errors, warnings } = assess(manifest, settings, observed);
  if (errors.length > 0) return { plan: { tracks: [] }, errors: errors.map(formatProblem), warnings: [] };
  const pass = goalOf(current, settings, observed, circumstancesOf(input));
  const known = isInLine(input) ? fingerprintOf(live ?? manifest, input, observed) : undefined;
  const isReadable = (desired: Desired) =>
    !input.unreadable.some(({ plural }) => plural === desired.kind.plural) &&
    !(isHidden && knowsInfrastructure(desired, observed.name));
  // Roles wait for their Secrets, but not in a plan that makes these first.
  const whole = goalOf(current, settings, withSecrets(input, current, observed), circumstancesOf(input));
  const objects = pass.goal.objects.filter(isReadable);
  const goal = { ...pass.goal, objects, database: whole.goal.database };
  const areSecretsHidden = input.unreadable.some(({ plural }) => plural === kinds.secret.plural);
  const database = databaseOf(whole, observed, areSecretsHidden);
  return {
    plan: plan(goal, { ...observed, databaseFingerprint: known }),
    errors: [],
    warnings: [...blind, ...warnings.map(formatProblem)],
    ...(database === undefined ? {} : { database }),
  };
}

/** No password is made, and none is shown. */
function circumstancesOf({ now, manifest }: PreviewInput): Circumstances {
  // In no plan: passwords are masked.
  return { now, written: manifest.spec, newPassword: () => 'new', looksAhead: true };
}

/** The world as it is once the Secrets of all roles are made, repaired and rotated. */
function withSecrets(input: PreviewInput, manifest: Postgresql, observed: Observed): Observed {
  const circumstances = { now: input.now, newPassword: () => 'to be made' };
  const { goal } = goalOf(manifest, input.settings, observed, circumstances);
  const made = goal.objects.flatMap(({ kind, object, change }): [string, KubeObject][] => {
    const { namespace = observed.namespace, name = '' } = object.metadata;
    const key = objectKey(kind, namespace, name);
    const live = observed.objects.get(key);
    if (kind !== kinds.secret || (live !== undefined && change === undefined)) return [];
    return [[key, live === undefined || change === undefined ? object : changed(live as Secret, change)]];
  });
  return { ...observed, objects: new Map([...observed.objects, ...made]) };
}

function changed(live: Secret, { data }: SecretChange): Secret {
  const kept = Object.entries(live.data ?? {}).filter(([key]) => data[key] !== null);
  const written = Object.entries(data).flatMap(([key, text]) => (text === null ? [] : [[key, encode(text)]]));
  return { ...live, data: Object.fromEntries([...kept, ...written]) as Record<string, string> };
}

/** Nobody can say whether PostgreSQL has the passwords of Secrets that cannot be seen. */
function withoutPasswords(declared: Declared): Declared {
  const roles = declared.roles.map(({ password, ...role }) => ({
    ...role,
    ...(password === null ? { password } : {}),
  }));
  return { ...declared, roles };
}

function databaseOf(
  { goal, declared, configuration }: PassGoal,
  observed: Observed,
  areSecretsHidden: boolean,
): Preview['database'] {
  const [step] = planDatabase(goal.database, { ...observed, databaseFingerprint: undefined });
  if (step === undefined) return undefined;
  const leader = leaderOf(observed);
  const primary = leader?.running === true && step.waitFor === undefined ? leader.name : undefined;
  const isNew = find(observed, kinds.statefulSet, observed.name) === undefined && leader === undefined;
  if (isNew) return { declared, primary, step, newServer: newServerOf(configuration) };
  return { declared: areSecretsHidden ? withoutPasswords(declared) : declared, primary, step };
}

/** Roles that Patroni and the image make. */
function newServerOf(configuration: Configuration): NewServer {
  const { super_username: superuser, replication_username: replication, pam_role_name } = configuration;
  return { superuser, replication, roles: ['admin', 'cron_admin', pam_role_name, 'robot_zmon'] };
}

/** Deployments of poolers, and their lists of users. */
function knowsInfrastructure({ kind, object }: Desired, cluster: string): boolean {
  const lists = (['master', 'replica'] as const).map((role) => poolerSecretName(poolerName(cluster, role)));
  return kind === kinds.deployment || (kind === kinds.secret && lists.includes(object.metadata.name ?? ''));
}

/** Volumes that outlive their cluster; a new one of the same name would begin with them. */
function keptVolumes(configuration: Configuration, { objects }: Observed): string[] {
  const claims = [...objects.keys()].filter((key) => key.startsWith(`${kinds.claim.plural}/`));
  if (configuration.enable_persistent_volume_claim_deletion || claims.length === 0) return [];
  const names = claims.map((key) => key.split('/').at(-1)).join(', ');
  return [`the volumes are kept (enable_persistent_volume_claim_deletion is false): ${names}`];
}

/**
 * Whether the operator has brought the database in line with the live manifest. It is not looked into from here: the
 * status says so, and a manifest that declares the same then leaves nothing to do there.
 */
function isInLine({ live }: PreviewInput): boolean {
  if (live === undefined) return false;
  const status = readStatus(live.status);
  return status.PostgresClusterStatus === 'Running' && status.observedGeneration === live.metadata.generation;
}

function fingerprintOf(manifest: Postgresql, input: PreviewInput, observed: Observed): string | undefined {
  const { settings } = input;
  const { manifest: current } = assess(manifest, settings, observed);
  const { goal } = goalOf(current, settings, observed, circumstancesOf(input));
  return goal.database === undefined ? undefined : databaseFingerprint(goal.database, observed);
}
