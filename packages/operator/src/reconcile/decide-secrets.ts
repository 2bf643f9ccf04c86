import type { Secret } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { poolerName, primaryServiceName, secretName } from '../names.ts';
import { findIn, type Observed } from '../observe/observed.ts';
import { isWrittenByUs } from '../observe/started-before.ts';
import { isReachable } from '../plan/database.ts';
import type { RenderInput } from '../render/input.ts';
import { instancesOf } from '../render/instances.ts';
import { poolersOf } from '../render/poolers.ts';
import { clusterRoles } from '../render/roles/cluster-roles.ts';
import { secretRoles, type SecretRole } from '../render/roles/secret-roles.ts';
import { isStandby } from '../render/standby.ts';
import type { ConnectionTarget } from '../secrets/connection-keys.ts';
import { decideSecret, type RoleSecret, type RotationTerms } from '../secrets/role-secret.ts';
import { rotationStyle } from '../secrets/rotation-style.ts';
import type { Circumstances } from './goal.ts';

/** What becomes of the Secrets of all roles, by name. Pure, but for the passwords that it asks for. */
export function decideSecrets(
  input: RenderInput,
  observed: Observed,
  circumstances: Circumstances,
): Map<string, RoleSecret> {
  const secrets = new Map<string, RoleSecret>();
  const names = new Set(clusterRoles(input).roles.map(({ name }) => name));
  for (const role of secretRoles(input)) {
    const name = secretName(input.configuration, observed.name, role.name);
    const live = findIn(observed, kinds.secret, role.secret.namespace, name) as Secret | undefined;
    const decided = decideSecret({
      role: role.name,
      live,
      keepsName: role.origin === 'system',
      isOurs: live !== undefined && isWrittenByUs(live),
      ...(role.secret.password === undefined ? {} : { given: role.secret.password }),
      connection: connectionOf(input, role),
      rotation: rotationTerms(input, observed, role, names, circumstances.now),
      newPassword: (purpose) => circumstances.newPassword(name, purpose),
    });
    secrets.set(name, decided);
  }
  return secrets;
}

/** Where clients of a role connect to: Services, by names that every namespace understands. */
function connectionOf(input: RenderInput, role: SecretRole): Omit<ConnectionTarget, 'username' | 'password'> {
  const { configuration, manifest } = input;
  const { name, namespace = '' } = manifest.metadata;
  const host = (service: string) => `${service}.${namespace}.svc.${configuration.cluster_domain}`;
  const hasPooler = poolersOf(input).some(({ role: of }) => of === 'master');
  const { database } = role.secret;
  return {
    host: host(primaryServiceName(name)),
    ...(hasPooler && !isInternal(role) ? { poolerHost: host(poolerName(name, 'master')) } : {}),
    ...(database === undefined ? {} : { database }),
  };
}

/** Nobody's application logs in as these. */
function isInternal({ origin }: SecretRole): boolean {
  return origin === 'system' || origin === 'pooler';
}

/** Undefined where no password would get into the database. */
function rotationTerms(
  input: RenderInput,
  observed: Observed,
  role: SecretRole,
  names: ReadonlySet<string>,
  now: number,
): RotationTerms | undefined {
  const { configuration, manifest } = input;
  if (!configuration.enable_database_access || isStandby(manifest)) return undefined;
  if (instancesOf(configuration, manifest) === 0) return undefined;
  const { databaseRoles } = observed;
  return {
    style: rotationStyle(input, role),
    now,
    intervalDays: configuration.password_rotation_interval,
    retentionDays: configuration.password_rotation_user_retention,
    ...consequenceOf(role),
    isTaken: (user) => names.has(user),
    areThere: (users) =>
      isReachable(observed) &&
      (databaseRoles === 'assumed' || users.every((user) => databaseRoles?.has(user) === true)),
  };
}

function consequenceOf({ origin }: SecretRole): Pick<RotationTerms, 'consequence'> {
  if (origin === 'system')
    return { consequence: 'then the pods, which know the former one, are replaced one after the other' };
  return origin === 'pooler' ? { consequence: 'then the pods of the poolers are replaced' } : {};
}
