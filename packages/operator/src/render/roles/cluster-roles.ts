import type { Problem } from '@pgherd/api';
import { secretName } from '../../names.ts';
import { identityOf } from '../input.ts';
import { poolersOf, poolerUser } from '../poolers.ts';
import { roleOrigins, type ClusterRole } from './cluster-role.ts';
import { infrastructureRoles } from './infrastructure-roles.ts';
import { manifestRoles } from './manifest-roles.ts';
import { isSecretName, refusedFlags, refusedName, reservedFor } from './names.ts';
import { peopleRoles } from './people-roles.ts';
import { preparedRoles } from './prepared-roles.ts';
import type { RoleInput } from './role-input.ts';
import { poolerRoles, systemRoles } from './system-roles.ts';

/** The roles of a cluster, and what was declared and is not among them. */
export interface ClusterRoles {
  /** Of each name one, in a fixed order. */
  roles: ClusterRole[];
  /** One for each declaration that is left out: why, and what to do. */
  problems: Problem[];
}

/**
 * The roles of a cluster from all origins. Of two with one name that of the later origin wins, and of one origin the
 * later. A declaration that cannot be is left out, and holds up no other. Pure.
 */
export function clusterRoles(input: RoleInput): ClusterRoles {
  const problems = [...poolerProblems(input)];
  const refuse = ({ source: field }: ClusterRole, message: string): void => {
    problems.push({ severity: 'warning', field, message });
  };
  const declared = [
    ...systemRoles(input),
    ...manifestRoles(input),
    ...infrastructureRoles(input),
    ...peopleRoles(input),
    ...preparedRoles(input),
    ...poolerRoles(input),
  ];
  const possible = declared.filter((role) => {
    const reason = refusal(input, role);
    if (reason !== undefined) refuse(role, reason);
    return reason === undefined;
  });
  const byName = new Map<string, ClusterRole>();
  for (const role of possible) {
    const other = byName.get(role.name);
    const [winner, loser] = other !== undefined && rank(other) > rank(role) ? [other, role] : [role, other];
    byName.set(role.name, winner);
    if (loser !== undefined) refuse(loser, taken(winner, loser));
  }
  const bySecret = new Map<string, ClusterRole>();
  for (const role of byName.values()) {
    if (role.secret === undefined) continue;
    const secret = secretOf(input, role);
    const other = bySecret.get(secret);
    const [winner, loser] = other !== undefined && rank(other) >= rank(role) ? [other, role] : [role, other];
    bySecret.set(secret, winner);
    if (loser === undefined) continue;
    byName.delete(loser.name);
    refuse(loser, sameSecret(secret, winner, loser));
  }
  return { roles: [...byName.values()].sort(inOrder), problems };
}

function rank({ origin }: ClusterRole): number {
  return roleOrigins.indexOf(origin);
}

/** Patroni's first, then by name within each origin. */
function inOrder(one: ClusterRole, other: ClusterRole): number {
  const [a, b] = [order.indexOf(one.origin), order.indexOf(other.origin)];
  if (a !== b || one.origin === 'system') return a - b;
  return one.name < other.name ? -1 : 1;
}

const order: readonly ClusterRole['origin'][] = [
  'system',
  'manifest',
  'infrastructure',
  'team',
  'prepared',
  'pooler',
];

function secretOf({ configuration, manifest }: RoleInput, { name }: ClusterRole): string {
  return secretName(configuration, identityOf(manifest).name, name);
}

/** Why a role cannot be, whatever else is declared; undefined when it can. */
function refusal(input: RoleInput, role: ClusterRole): string | undefined {
  const { configuration } = input;
  const { name, origin, flags, secret } = role;
  if (origin === 'system') return undefined;
  const reserved = reservedFor(name, configuration);
  // Nobody names these roles by hand; but the superuser is nobody else's.
  const isSystem = [configuration.super_username, configuration.replication_username].includes(name);
  if (reserved !== undefined && (isSystem || (origin !== 'prepared' && origin !== 'pooler'))) return reserved;
  if (origin !== 'pooler' && origin !== 'prepared' && isPooler(input, name))
    return `\`${name}\` is the role of the connection pooler; the entry is ignored, remove it, or name another role in \`spec.connectionPooler.user\`.`;
  const reason = refusedName(name) ?? refusedFlags(flags);
  if (reason !== undefined) return reason;
  const wanted = secret === undefined ? undefined : secretOf(input, role);
  if (wanted !== undefined && !isSecretName(wanted))
    return `there is no role \`${name}\`, because its Secret cannot be called \`${wanted}\`; use lower-case letters, digits, dashes and underscores, beginning and ending with a letter or digit.`;
  return undefined;
}

function isPooler(input: RoleInput, name: string): boolean {
  return poolersOf(input).length > 0 && poolerUser(input) === name;
}

/** Zalando's operator makes it an error of the manifest. */
function poolerProblems(input: RoleInput): Problem[] {
  const user = input.manifest.spec.connectionPooler?.user ?? '';
  const instead = poolerUser(input);
  if (user === '' || instead === user || poolersOf(input).length === 0) return [];
  const message = `\`${user}\` is a system role or protected, so poolers look up passwords as \`${instead}\`; name another role, or none.`;
  return [{ severity: 'warning', field: 'spec.connectionPooler.user', message }];
}

function taken(winner: ClusterRole, { name }: ClusterRole): string {
  return `the role \`${name}\` is also declared by ${winner.source}, which wins; this entry is ignored, remove or rename it.`;
}

function sameSecret(secret: string, winner: ClusterRole, { name }: ClusterRole): string {
  return `there is no role \`${name}\`, because its Secret would have the same name, \`${secret}\`, as the one of \`${winner.name}\` (${winner.source}); rename one of them.`;
}
