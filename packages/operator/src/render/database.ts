import { createHash } from 'node:crypto';
import { attributesOf, type Declared, type DeclaredRole } from '@pgherd/postgres';
import { secretName } from '../names.ts';
import type { DatabaseGoal } from '../plan/database.ts';
import { identityOf, type RenderInput } from './input.ts';
import { instancesOf } from './instances.ts';
import { manifestRoles, mayLogIn } from './roles.ts';
import { isStandby } from './standby.ts';

/** Roles and databases that should exist. What a Secret says wins: it may have been made by somebody else. */
export function renderDatabase(input: RenderInput): Declared {
  const { manifest, configuration, remembered } = input;
  const { name } = identityOf(manifest);
  const databases = Object.entries(manifest.spec.databases ?? {})
    .map(([database, owner]) => ({ name: database, owner }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const owners = new Set(databases.map(({ owner }) => owner));
  const roles = manifestRoles(input).map((role): DeclaredRole => {
    const credentials = remembered.secrets.get(secretName(configuration, name, role.name));
    const memberOf = owners.has(role.name)
      ? configuration.additional_owner_roles.filter((other) => other !== role.name)
      : [];
    return {
      name: role.name,
      attributes: attributesOf(role.flags),
      ...(credentials === undefined ? {} : { password: credentials.password }),
      ...(memberOf.length > 0 ? { memberOf } : {}),
    };
  });
  const people = departedPeople(input);
  return { roles, databases, ...(people === undefined ? {} : { people }) };
}

/**
 * What becomes of the roles of people who left. Nothing while it is not known of every team who is in it: they may be
 * there.
 */
function departedPeople({ configuration, people, unknownTeams }: RenderInput): Declared['people'] {
  const isAllKnown = people !== undefined && (unknownTeams ?? []).length === 0;
  if (!configuration.enable_team_member_deprecation || !isAllKnown) return undefined;
  return { departedSuffix: configuration.role_deletion_suffix };
}

/** What the plan needs of the declared roles and databases; undefined when there is nothing to do over SQL. */
export function databaseGoal(input: RenderInput, declared: Declared): DatabaseGoal | undefined {
  const { manifest, configuration } = input;
  if (!configuration.enable_database_access || isStandby(manifest)) return undefined;
  if (instancesOf(configuration, manifest) === 0) return undefined;
  // Without its password a role would be made that nobody can use; the Secret is on its way.
  const without = new Set(manifestRoles(input).flatMap(({ name, flags }) => (mayLogIn(flags) ? [] : [name])));
  const complete = declared.roles.every((role) => role.password !== undefined || without.has(role.name));
  return {
    fingerprint: createHash('sha256').update(JSON.stringify(declared)).digest('hex'),
    summary: `${counted(declared.roles.length, 'role')} and ${counted(declared.databases.length, 'database')}`,
    complete,
  };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
