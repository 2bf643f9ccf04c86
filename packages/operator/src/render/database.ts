import { createHash } from 'node:crypto';
import { databaseName } from '@pgherd/api';
import {
  attributesOf,
  type Declared,
  type DeclaredDatabase,
  type DeclaredRole,
  type RotatedRole,
} from '@pgherd/postgres';
import { secretName } from '../names.ts';
import type { DatabaseGoal } from '../plan/database.ts';
import { identityOf, type Credentials, type RenderInput } from './input.ts';
import { instancesOf } from './instances.ts';
import { poolersOf, poolerSchema, poolerUser } from './poolers.ts';
import { renderPreparedDatabases } from './prepared-databases.ts';
import type { ClusterRole } from './roles/cluster-role.ts';
import { clusterRoles } from './roles/cluster-roles.ts';
import { isStandby } from './standby.ts';

/** What should be inside PostgreSQL, and what of it has to wait. */
export interface RenderedDatabase {
  declared: Declared;
  /** Secrets without username and password; their roles, and what belongs to these, are not declared until then. */
  missing: { role: string; secret: string }[];
}

/**
 * Roles and databases that should exist. What a Secret says wins: it may have been made by somebody else. A role whose
 * Secret says nothing yet is left out, so that nobody gets a role without its password; the others do not wait for it.
 */
export function renderDatabase(input: RenderInput): RenderedDatabase {
  const { manifest, configuration, remembered } = input;
  const { name: cluster } = identityOf(manifest);
  const { roles } = clusterRoles(input);
  const missing = roles
    .filter(({ name, secret }) => secret !== undefined && credentialsOf(name) === undefined)
    .map(({ name }) => ({ role: name, secret: secretOf(name) }));
  const waiting = new Set(missing.map(({ role }) => role));
  const ready = roles.filter(({ name }) => !waiting.has(name));
  const groups = groupRoles(input, ready);
  const people = departedPeople(input);
  const declared: Declared = {
    roles: [...groups, ...ready.flatMap(declaredRoles)],
    databases: databasesOf(input)
      .filter(({ owner }) => !waiting.has(owner))
      .map((database) => whole(database, waiting))
      .map((database) => withOwners(database, new Set(ready.map(({ name }) => name)))),
    ...lookupOf(input, waiting),
    ...(people === undefined ? {} : { people }),
    ...rotatedOf(),
  };
  return { declared, missing };

  function secretOf(role: string): string {
    return secretName(configuration, cluster, role);
  }

  /** What rotations of passwords have made; nothing of roles whose Secrets never named another user. */
  function rotatedOf(): Pick<Declared, 'rotated'> {
    const rotated = ready.flatMap(({ name: of }): RotatedRole[] => {
      const { credentials, keptSince } = remembered.secrets.get(secretOf(of)) ?? {};
      return credentials === undefined || keptSince === undefined
        ? []
        : [{ of, current: credentials.username, keptSince }];
    });
    return rotated.length === 0 ? {} : { rotated };
  }

  /** The user of a rotation may do all that its role may; the role keeps the password that it had. */
  function declaredRoles(role: ClusterRole): DeclaredRole[] {
    const declared = declaredRole(role);
    const username = role.secret === undefined ? role.name : credentialsOf(role.name)?.username;
    if (username === undefined || username === role.name) return [declared];
    const { password: _password, ...base } = declared;
    const { memberOf: _memberOf, admins: _admins, ...user } = declared;
    const source = `Secret ${secretOf(role.name)}`;
    return [base, { ...user, name: username, source, memberOf: [role.name] }];
  }

  function credentialsOf(role: string): Credentials | undefined {
    return remembered.secrets.get(secretOf(role))?.credentials;
  }

  function declaredRole(role: ClusterRole): DeclaredRole {
    const { name, source, flags, memberOf, admins, settings, origin } = role;
    const known = (names: readonly string[]) => names.filter((each) => !waiting.has(each));
    const credentials = role.secret === undefined ? undefined : credentialsOf(name);
    return {
      name,
      source,
      attributes: attributesOf(flags),
      ...(credentials === undefined ? {} : { password: credentials.password }),
      ...listed('memberOf', known(memberOf)),
      ...listed('admins', known(admins)),
      ...(Object.keys(settings).length > 0 ? { settings: { ...settings } } : {}),
      ...(origin === 'team' ? { password: null, person: true } : {}),
    };
  }
}

/** What roles make that are left out, or that wait, is nobody's yet. */
function withOwners(database: DeclaredDatabase, roles: ReadonlySet<string>): DeclaredDatabase {
  const { defaultPrivileges } = database;
  if (defaultPrivileges === undefined) return database;
  return { ...database, defaultPrivileges: defaultPrivileges.filter(({ owner }) => roles.has(owner)) };
}

function listed<K extends string>(key: K, names: string[]): { [key in K]?: string[] } {
  return (names.length > 0 ? { [key]: names } : {}) as { [key in K]?: string[] };
}

/**
 * `team_admin_role` and `pam_role_name`, where a role of the cluster is to be a member of them or the other way round. The
 * image makes them; in a cluster that was made otherwise they may be missing. Nothing is said about them but that they
 * are there.
 */
function groupRoles({ configuration }: RenderInput, roles: readonly ClusterRole[]): DeclaredRole[] {
  const named = new Set(roles.flatMap(({ memberOf, admins }) => [...memberOf, ...admins]));
  return (['team_admin_role', 'pam_role_name'] as const).flatMap((source): DeclaredRole[] => {
    const name = configuration[source];
    const isDeclared = roles.some((role) => role.name === name);
    return named.has(name) && !isDeclared ? [{ name, source, attributes: {} }] : [];
  });
}

/** By name. Where both parts of the manifest name one, `spec.databases` says who owns it. */
function databasesOf({ manifest }: RenderInput): DeclaredDatabase[] {
  const prepared = renderPreparedDatabases(manifest);
  const owners = Object.entries(manifest.spec.databases ?? {}).filter(([name]) => isDatabaseName(name));
  const byName = new Map<string, DeclaredDatabase>(prepared.map((database) => [database.name, database]));
  for (const [name, owner] of owners)
    byName.set(name, { ...byName.get(name), name, source: `spec.databases.${name}`, owner });
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Others are left out, and `validatePostgresql` says so. */
function isDatabaseName(name: string): boolean {
  return databaseName.test(name) && name !== 'template0' && name !== 'template1';
}

function lookupOf(input: RenderInput, waiting: ReadonlySet<string>): Pick<Declared, 'lookup'> {
  const role = poolerUser(input);
  if (poolersOf(input).length === 0 || waiting.has(role)) return {};
  return { lookup: { role, schema: poolerSchema(input) } };
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

/**
 * What is in a database waits for all of its roles: a table that an owner makes before the default privileges of this owner
 * stand would never be shared with reader and writer.
 */
function whole(database: DeclaredDatabase, waiting: ReadonlySet<string>): DeclaredDatabase {
  const { name, owner, source, defaultPrivileges = [] } = database;
  const roles = defaultPrivileges.flatMap((each) => [each.owner, each.reader, each.writer]);
  if (!roles.some((role) => waiting.has(role))) return database;
  return { name, owner, ...(source === undefined ? {} : { source }) };
}

/** What the plan needs of the declared roles and databases; undefined when there is nothing to do over SQL. */
export function databaseGoal(
  input: RenderInput,
  { declared, missing }: RenderedDatabase,
): DatabaseGoal | undefined {
  const { manifest, configuration } = input;
  if (!configuration.enable_database_access || isStandby(manifest)) return undefined;
  if (instancesOf(configuration, manifest) === 0) return undefined;
  return {
    fingerprint: createHash('sha256').update(JSON.stringify(declared)).digest('hex'),
    summary: `${counted(declared.roles.length, 'role')} and ${counted(declared.databases.length, 'database')}`,
    missing: missing.map(({ secret }) => secret),
    hasSuperuser: !missing.some(({ role }) => role === configuration.super_username),
  };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
