import type { Configuration, Postgresql } from '@pgherd/api';
import type { Secret } from '@pgherd/kube/objects';
import type { Declared } from '@pgherd/postgres';
import { diskGoal } from '../disks/disk-goal.ts';
import { kinds } from '../kinds.ts';
import type { IdleReplicas } from '../healing/idle-replica.ts';
import { maintenanceOf } from '../maintenance/maintenance.ts';
import { appliedAnnotation, patroniApiSecretName, secretName } from '../names.ts';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import { find, type Observed } from '../observe/observed.ts';
import {
  credentialsOf,
  poolerInfrastructureOf,
  rememberPods,
  settledPodSpec,
  userListsOf,
} from '../observe/remembered.ts';
import { unwantedObjects } from '../plan/parts.ts';
import type { Goal } from '../plan/plan.ts';
import { databaseGoal, renderDatabase } from '../render/database.ts';
import { postgresVersion, type Credentials, type RenderInput } from '../render/input.ts';
import { instancesOf } from '../render/instances.ts';
import { protectsApi } from '../render/patroni-api.ts';
import { render } from '../render/render.ts';
import { secretRoles } from '../render/roles/secret-roles.ts';
import { standbyCluster } from '../render/standby.ts';
import { declaredConfiguration, primaryStartTimeout } from '../render/spilo-configuration.ts';
import { apiNeed, apiRenewalAt, type ApiKeys, type ApiNeed } from '../secrets/patroni-api.ts';
import type { RoleSecret } from '../secrets/role-secret.ts';
import type { Settings } from '../settings.ts';
import { autoGrowth } from '../volumes/auto-grow.ts';
import { isBraked, withBrake } from '../volumes/brake.ts';
import { decideSecrets } from './decide-secrets.ts';
import { operatorVersion } from '../version.ts';
import { declaredElsewhere } from './declared-elsewhere.ts';
import { wantedStore } from './wanted-store.ts';

/** All that should be, for one pass. */
export interface PassGoal {
  goal: Goal;
  declared: Declared;
  superuser: Credentials | undefined;
  /** Secrets of the roles that Patroni makes and logs in with, by role. */
  systemSecrets: ReadonlyMap<string, string>;
  /** Passwords of these, by Secret, as far as these exist. */
  patroniPasswords: ReadonlyMap<string, string>;
  instances: number;
  /** What holds for this cluster. */
  configuration: Configuration;
  /** How long a pod may take to come back before that is told, in milliseconds. */
  patienceMs: number;
  /** Writes are stopped, because the primary's volume is nearly full. */
  isBraked: boolean;
  /** When the password of a role is to be rotated next, in milliseconds since 1970. */
  nextRotationAt: number | undefined;
  /** What the Secret of Patroni's REST API lacks; undefined when nothing, or when there is to be none. */
  apiNeed: ApiNeed | undefined;
}

/** Time and chance. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  now: number;
  /** `rotation`: nobody may have known it before. */
  newPassword: (secret: string, purpose: 'missing' | 'rotation') => string;
  /** Replicas that make no way; absent: nobody looks. */
  idle?: IdleReplicas;
  /** Of the operator; its own by default. */
  version?: string;
  /** The spec as somebody wrote it, before old fields got their current names; that of the manifest by default. */
  written?: Postgresql['spec'];
  /** For a look ahead: Secrets that are to be made count as if they were there, so that their roles are declared. */
  looksAhead?: true;
  /** What the Secret of Patroni's REST API lacked. */
  apiKeys?: ApiKeys;
}

/** From manifest, configuration and what is remembered in the cluster itself to what should be. */
export function goalOf(
  manifest: Postgresql,
  settings: Settings,
  observed: Observed,
  circumstances: Circumstances,
): PassGoal {
  const configuration = effectiveConfiguration(settings, observed);
  const basis = renderInput(manifest, configuration, observed, circumstances);
  const apiSecret = find(observed, kinds.secret, patroniApiSecretName(observed.name)) as Secret | undefined;
  const need = protectsApi(basis) ? apiNeed(apiSecret, circumstances.now) : undefined;
  const input = withApiKeys(basis, need, circumstances.apiKeys);
  const database = renderDatabase(input);
  const { declared } = database;
  const objects = render(input);
  const superuser = credentialsOf(
    observed,
    secretName(configuration, observed.name, configuration.super_username),
  );
  const sql = databaseGoal(input, database);
  const braked = isBraked(manifest, configuration, observed, circumstances.now);
  const instances = instancesOf(configuration, manifest);
  const disks = diskGoal(manifest, configuration, observed, circumstances.now);
  const store = instances === 0 ? wantedStore(settings, observed) : undefined;
  return {
    goal: {
      objects,
      unwanted: unwantedObjects(configuration, objects, observed),
      database: sql,
      configuration: {
        wanted: withBrake(
          {
            ...declaredConfiguration(input, failsafeMode(settings, observed)),
            ...startTimeout(settings),
            ...standbyCluster(input),
          },
          braked,
        ),
        applied: appliedKeys(manifest),
        version: postgresVersion(input),
      },
      ...volumeGoal(manifest, configuration, observed, circumstances.now),
      ...(disks === undefined ? {} : { disks }),
      ...(store === undefined ? {} : { store }),
      healing: {
        idle: circumstances.idle ?? new Map(),
        patienceMs: configuration.replica_rebuild_after,
        now: circumstances.now,
      },
      maintenance: maintenanceOf(manifest, settings, {
        now: circumstances.now,
        version: circumstances.version ?? operatorVersion,
        ...(circumstances.written === undefined ? {} : { written: circumstances.written }),
        ...(observed.podEnvironment === undefined ? {} : { podEnvironment: observed.podEnvironment }),
      }),
      pods: {
        ignoredAnnotations: configuration.ignored_annotations,
        isLazy: configuration.enable_lazy_spilo_upgrade,
        ...(sql !== undefined && !isAccepted(observed, superuser) ? { awaitsPasswords: true } : {}),
      },
    },
    declared,
    superuser,
    systemSecrets: systemSecrets(input),
    patroniPasswords: patroniPasswords(input),
    instances,
    configuration,
    patienceMs: configuration.pod_label_wait_timeout,
    isBraked: braked,
    nextRotationAt: earliest(input, apiSecret),
    apiNeed: need,
  };
}

/** `off`, and `ebs`, in which disks grow below the claims, leave the claims as they are. */
function volumeGoal(
  manifest: Postgresql,
  { storage_resize_mode: mode }: Configuration,
  observed: Observed,
  now: number,
): Pick<Goal, 'volumes'> {
  if (mode !== 'pvc' && mode !== 'mixed') return {};
  const { growths } = autoGrowth(manifest, observed, now);
  return { volumes: { size: manifest.spec.volume.size, growths } };
}

/**
 * What the operator's configuration says about it: new clusters are made with it, and existing ones change only when
 * the key is written. Undefined: as it is.
 */
function failsafeMode({ configuration, named }: Settings, observed: Observed): boolean | undefined {
  if (!named.has('enable_patroni_failsafe_mode')) return undefined;
  if (configuration.enable_patroni_failsafe_mode) return true;
  // Off is the default of Patroni, and nothing to note.
  return observed.configuration?.['failsafe_mode'] === true ? false : undefined;
}

/** The same about the time that a primary has to start. */
function startTimeout({ configuration, named }: Settings): { primary_start_timeout?: number } {
  if (!configuration.enable_fast_failover || !named.has('fast_failover_restart_timeout')) return {};
  return { primary_start_timeout: primaryStartTimeout(configuration) };
}

function renderInput(
  manifest: Postgresql,
  configuration: Configuration,
  observed: Observed,
  circumstances: Circumstances,
): RenderInput {
  const remembered = rememberPods(settledPodSpec(configuration, observed));
  const secrets = new Map<string, RoleSecret>();
  const input: RenderInput = {
    manifest,
    configuration,
    ...declaredElsewhere(observed),
    remembered: {
      secrets,
      userLists: userListsOf(observed),
      poolerInfrastructure: poolerInfrastructureOf(observed),
      ...(observed.podEnvironment === undefined ? {} : { podEnvironment: observed.podEnvironment }),
      ...(observed.backupEnvironment === undefined ? {} : { backupEnvironment: observed.backupEnvironment }),
      ...(remembered === undefined ? {} : { statefulSet: remembered }),
    },
  };
  for (const [name, secret] of decideSecrets(input, observed, circumstances)) {
    const { credentials = circumstances.looksAhead === true ? secret.upcoming : undefined } = secret;
    secrets.set(name, { ...secret, credentials });
  }
  return input;
}

function withApiKeys(input: RenderInput, need: ApiNeed | undefined, made: ApiKeys | undefined): RenderInput {
  if (need === undefined || made === undefined) return input;
  return { ...input, remembered: { ...input.remembered, apiKeys: { ...need, data: made } } };
}

/** The earliest rotation of all. */
function earliest(input: RenderInput, apiSecret: Secret | undefined): number | undefined {
  const times = [...input.remembered.secrets.values()].flatMap(({ nextRotationAt }) => nextRotationAt ?? []);
  const renewal = protectsApi(input) ? apiRenewalAt(apiSecret) : undefined;
  if (renewal !== undefined) times.push(renewal);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether PostgreSQL has the superuser's password, and with it those of the others. */
function isAccepted(observed: Observed, superuser: Credentials | undefined): boolean {
  if (observed.databaseRoles === 'assumed') return true;
  return superuser !== undefined && observed.superuserPassword === superuser.password;
}

function systemSecrets(input: RenderInput): Map<string, string> {
  const { manifest, configuration } = input;
  const roles = secretRoles(input).filter(({ origin }) => origin === 'system');
  return new Map(roles.map(({ name }) => [name, secretName(configuration, manifest.metadata.name, name)]));
}

function patroniPasswords(input: RenderInput): Map<string, string> {
  return new Map(
    [...systemSecrets(input).values()].flatMap((secret) => {
      const credentials = input.remembered.secrets.get(secret)?.credentials;
      return credentials === undefined ? [] : [[secret, credentials.password]];
    }),
  );
}

function appliedKeys(manifest: Postgresql): string[] | undefined {
  try {
    const keys: unknown = JSON.parse(manifest.metadata.annotations?.[appliedAnnotation] ?? 'null');
    return Array.isArray(keys) ? keys.map(String) : undefined;
  } catch {
    return undefined;
  }
}
