import type { Configuration, Postgresql } from '@pgherd/api';
import type { Declared } from '@pgherd/postgres';
import { kinds } from '../kinds.ts';
import { appliedAnnotation, secretName } from '../names.ts';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import { findIn, type Observed } from '../observe/observed.ts';
import { credentialsOf, rememberPods, settledPodSpec, userListsOf } from '../observe/remembered.ts';
import { unwantedObjects } from '../plan/parts.ts';
import type { Goal } from '../plan/plan.ts';
import { databaseGoal, renderDatabase } from '../render/database.ts';
import { postgresVersion, type Credentials, type RenderInput } from '../render/input.ts';
import { instancesOf } from '../render/instances.ts';
import { render } from '../render/render.ts';
import { secretRoles } from '../render/roles/secret-roles.ts';
import { standbyCluster } from '../render/standby.ts';
import { declaredConfiguration } from '../render/spilo-configuration.ts';
import type { Settings } from '../settings.ts';
import { declaredElsewhere } from './declared-elsewhere.ts';

/** All that should be, for one pass. */
export interface PassGoal {
  goal: Goal;
  declared: Declared;
  superuser: Credentials | undefined;
  /** Passwords of the roles that Patroni makes, by Secret, as far as these exist. */
  patroniPasswords: ReadonlyMap<string, string>;
  instances: number;
  /** What holds for this cluster. */
  configuration: Configuration;
  /** How long a pod may take to come back before that is told, in milliseconds. */
  patienceMs: number;
}

/**
 * From manifest, configuration and what is remembered in the cluster itself to what should be. `newPassword` is asked for
 * each Secret that does not exist.
 */
export function goalOf(
  manifest: Postgresql,
  settings: Settings,
  observed: Observed,
  newPassword: (secret: string) => string,
): PassGoal {
  const configuration = effectiveConfiguration(settings, observed);
  const input = renderInput(manifest, configuration, observed, newPassword);
  const database = renderDatabase(input);
  const { declared } = database;
  const objects = render(input);
  return {
    goal: {
      objects,
      unwanted: unwantedObjects(configuration, objects, observed),
      database: databaseGoal(input, database),
      configuration: {
        wanted: { ...declaredConfiguration(input), ...standbyCluster(input) },
        applied: appliedKeys(manifest),
        version: postgresVersion(input),
      },
      pods: {
        roleLabel: configuration.pod_role_label,
        ignoredAnnotations: configuration.ignored_annotations,
        isLazy: configuration.enable_lazy_spilo_upgrade,
      },
    },
    declared,
    superuser: credentialsOf(
      observed,
      secretName(configuration, observed.name, configuration.super_username),
    ),
    patroniPasswords: patroniPasswords(input),
    instances: instancesOf(configuration, manifest),
    configuration,
    patienceMs: configuration.pod_label_wait_timeout,
  };
}

function renderInput(
  manifest: Postgresql,
  configuration: Configuration,
  observed: Observed,
  newPassword: (secret: string) => string,
): RenderInput {
  const remembered = rememberPods(settledPodSpec(configuration, observed));
  const secrets = new Map<string, Credentials>();
  const generated = new Map<string, string>();
  const input: RenderInput = {
    manifest,
    configuration,
    ...declaredElsewhere(observed),
    remembered: {
      secrets,
      generated,
      userLists: userListsOf(observed),
      ...(observed.podEnvironment === undefined ? {} : { podEnvironment: observed.podEnvironment }),
      ...(observed.backupEnvironment === undefined ? {} : { backupEnvironment: observed.backupEnvironment }),
      ...(remembered === undefined ? {} : { statefulSet: remembered }),
    },
  };
  for (const role of secretRoles(input)) {
    const name = secretName(configuration, observed.name, role.name);
    const credentials = credentialsOf(observed, name, role.secret.namespace);
    if (credentials !== undefined) secrets.set(name, credentials);
    // One that exists without a password in it is somebody's mistake, which must not be written over.
    else if (findIn(observed, kinds.secret, role.secret.namespace, name) === undefined)
      generated.set(name, newPassword(name));
  }
  return input;
}

function patroniPasswords(input: RenderInput): Map<string, string> {
  const { manifest, configuration, remembered } = input;
  const roles = secretRoles(input).filter(({ origin }) => origin === 'system');
  return new Map(
    roles.flatMap(({ name }) => {
      const secret = secretName(configuration, manifest.metadata.name, name);
      const credentials = remembered.secrets.get(secret);
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
