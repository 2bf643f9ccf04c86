import type { Configuration } from '@pgherd/api';
import type { KubeObject, Secret } from '@pgherd/kube/objects';
import { kinds, objectKey, type Desired, type Kind } from '../kinds.ts';
import { isLogicalBackup, poolerLabel } from '../labels.ts';
import {
  fieldManager,
  logicalBackupName,
  poolerName,
  poolerSecretName,
  secretName,
  type ServiceRole,
} from '../names.ts';
import { isDatedUser } from '../secrets/rotation.ts';
import { findIn, type Observed } from '../observe/observed.ts';

/** An object that exists. */
export interface Found {
  kind: Kind;
  object: KubeObject;
}

const roles: readonly ServiceRole[] = ['master', 'replica'];

/** What exists of the parts that a manifest can switch on and off: poolers with their users, the logical backup. */
export function partsOf(configuration: Configuration, observed: Observed): Found[] {
  const poolers = roles.map((role) => poolerName(observed.name, role));
  const ofPooler = (kind: Kind, nameOf: (pooler: string) => string): Found[] =>
    poolers.flatMap((pooler) => {
      const object = findIn(observed, kind, observed.namespace, nameOf(pooler));
      return object?.metadata.labels?.[poolerLabel] === pooler ? [{ kind, object }] : [];
    });
  return [
    ...backups(configuration, observed),
    ...ofPooler(kinds.deployment, (pooler) => pooler),
    ...ofPooler(kinds.service, (pooler) => pooler),
    ...ofPooler(kinds.secret, poolerSecretName),
    ...poolerUsers(configuration, observed),
  ];
}

/** Parts and disruption budgets that are there but should not be. Nothing that merely carries the cluster's labels. */
export function unwantedObjects(
  configuration: Configuration,
  desired: readonly Desired[],
  observed: Observed,
): Found[] {
  const wanted = new Set(
    desired.map(({ kind, object: { metadata } }) =>
      objectKey(kind, metadata.namespace ?? observed.namespace, metadata.name ?? ''),
    ),
  );
  // Another `pdb_name_format` leaves one behind that would still protect what it names.
  const budgets = allOf(observed, kinds.podDisruptionBudget).filter(({ object }) => isApplied(object));
  return [...partsOf(configuration, observed), ...budgets].filter(
    ({ kind, object: { metadata } }) =>
      !wanted.has(objectKey(kind, metadata.namespace ?? observed.namespace, metadata.name ?? '')),
  );
}

/** Also those that we made under another `logical_backup_job_prefix`: they would go on dumping. */
function backups(configuration: Configuration, observed: Observed): Found[] {
  const name = logicalBackupName(configuration, observed.name);
  return allOf(observed, kinds.cronJob).filter(
    ({ object }) => isLogicalBackup(object) && (object.metadata.name === name || isApplied(object)),
  );
}

/** Secrets of roles that poolers look up passwords with; they say so themselves, because the role can be any. */
function poolerUsers(configuration: Configuration, observed: Observed): Found[] {
  return allOf(observed, kinds.secret).filter(
    ({ object }) =>
      object.metadata.labels?.[poolerLabel] === poolerName(observed.name, 'master') &&
      isRoleSecret(configuration, observed.name, object as Secret),
  );
}

const dateLength = 'YYMMDD'.length;

/** Whether a Secret's name is the one that pgherd gives to the role that it is for. */
export function isRoleSecret(configuration: Configuration, cluster: string, secret: Secret): boolean {
  const username = Buffer.from(secret.data?.['username'] ?? '', 'base64').toString('utf8');
  // A rotation adds the date to the user's name, and the Secret keeps the role's.
  const roles = [username, username.slice(0, -dateLength)];
  return roles.some((role) => {
    const isUser = role === username || isDatedUser(role, username);
    return role !== '' && isUser && secret.metadata.name === secretName(configuration, cluster, role);
  });
}

/** All objects of a kind that carry the cluster's labels, in whatever namespace. */
export function allOf(observed: Observed, kind: Kind): Found[] {
  return [...observed.objects]
    .filter(([key]) => key.startsWith(`${kind.plural}/`))
    .map(([, object]) => ({ kind, object }));
}

/** Whether we wrote the object, and not only put labels on it. */
function isApplied({ metadata }: KubeObject): boolean {
  return (metadata.managedFields ?? []).some(
    ({ manager, operation, fieldsV1 = {} }) =>
      manager === fieldManager && operation === 'Apply' && 'f:spec' in fieldsV1,
  );
}
