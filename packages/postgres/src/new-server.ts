import type { Declared } from './declared.ts';
import type { AvailableExtension } from './observe/available.ts';
import type { ObservedDatabase } from './observe/databases.ts';
import type { Observed } from './observe/observe.ts';
import { observedRole } from './observe/roles.ts';
import { contentsSteps, freshContents, missingExtensions } from './plan/contents.ts';
import type { Place } from './plan/places.ts';
import { plan, type Plan } from './plan/plan.ts';

/** What a server is made with. */
export interface NewServer {
  superuser: string;
  /** The role that replicas log in as; made with its password, as the superuser is. */
  replication?: string;
  /** Other roles that are there from the beginning. None of them logs in. */
  roles: readonly string[];
}

/**
 * What will be to do in a server that does not exist yet. Which extensions it will have is not known: each is taken to be
 * there, relocatable, and in need of no other. So are the roles that PostgreSQL brings itself (`pg_monitor`).
 */
export function planNewServer(declared: Declared, server: NewServer): Plan {
  const isMade = (name: string) => name === server.superuser || name === server.replication;
  const withPassword = declared.roles.filter(
    ({ name, password }) => !isMade(name) && (password ?? '') !== '',
  );
  // Verifiers are never shown, and here never used.
  const verifiers = new Map(withPassword.map(({ name }) => [name, '']));
  const cluster = plan(declared, observedIn(server, broughtRoles(declared)), verifiers);
  const plans = cluster.places.map((place) => planPlace(place, cluster.knownRoles));
  return {
    steps: [cluster, ...plans].flatMap(({ steps }) => steps),
    conflicts: [cluster, ...plans].flatMap(({ conflicts }) => conflicts),
    notes: [cluster, ...plans].flatMap(({ notes }) => notes),
  };
}

function planPlace({ database, lookup }: Place, knownRoles: ReadonlySet<string>): Plan {
  const contents = freshContents();
  const available = new Map(
    missingExtensions(database, contents).map((name): [string, AvailableExtension] => [
      name,
      { name, relocatable: true, schema: null, requires: [] },
    ]),
  );
  const result: Plan = { steps: [], conflicts: [], notes: [] };
  const lookupSchema = lookup === undefined ? {} : { lookupSchema: lookup.schema };
  const context = { database, contents, available, knownRoles, conflicts: result.conflicts, ...lookupSchema };
  result.steps.push(...contentsSteps(context, lookup));
  return result;
}

/** Roles that PostgreSQL brings, as far as something is said about them: nobody else may make any of that name. */
function broughtRoles({ roles }: Declared): string[] {
  const named = roles.flatMap(({ memberOf = [], admins = [] }) => [...memberOf, ...admins]);
  return named.filter((name) => name.startsWith('pg_'));
}

function observedIn({ superuser, replication, roles }: NewServer, brought: string[]): Observed {
  const role = (name: string, isSuperuser: boolean) =>
    observedRole({
      name,
      superuser: isSuperuser,
      inherit: true,
      createrole: isSuperuser,
      createdb: isSuperuser,
      login: isSuperuser || name === replication,
      replication: isSuperuser || name === replication,
      bypassrls: isSuperuser,
      bootstrap: isSuperuser,
      verifier: null,
      comment: null,
      sessions: 0,
      memberOf: null,
      settings: null,
      dependsIn: null,
      granted: null,
    });
  const database = (name: string): ObservedDatabase => ({
    name,
    owner: superuser,
    allowsConnections: name !== 'template0',
    template: name !== 'postgres',
    valid: true,
  });
  const names = [...roles, ...brought, ...(replication === undefined ? [] : [replication])];
  const others = names.filter((name) => name !== superuser).map((name) => role(name, false));
  return {
    inRecovery: false,
    user: superuser,
    roles: new Map([role(superuser, true), ...others].map((each) => [each.name, each])),
    databases: new Map(['postgres', 'template0', 'template1'].map((name) => [name, database(name)])),
  };
}
