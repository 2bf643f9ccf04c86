import { attributesOf, type Declared, type DeclaredRole } from './declared.ts';
import type { Observed } from './observe/observe.ts';
import type { ObservedRole } from './observe/roles.ts';
import type { NewVerifiers } from './password-checker.ts';
import { plan, type Plan } from './plan/plan.ts';

/** A declared role, for tests. */
export function role(name: string, flags: string[] = [], rest: Partial<DeclaredRole> = {}): DeclaredRole {
  return { name, attributes: attributesOf(flags), ...rest };
}

/** A role as a server would tell it, for tests: may log in, has no password, is no member of anything. */
export function observedRole(
  name: string,
  rest: Partial<Omit<ObservedRole, 'attributes'>> & { attributes?: Partial<ObservedRole['attributes']> } = {},
): ObservedRole {
  return {
    name,
    bootstrap: false,
    verifier: null,
    comment: null,
    sessions: 0,
    memberOf: new Map(),
    settings: new Map(),
    dependsIn: [],
    granted: [],
    ...rest,
    attributes: {
      superuser: false,
      inherit: true,
      createrole: false,
      createdb: false,
      login: true,
      replication: false,
      bypassrls: false,
      ...rest.attributes,
    },
  };
}

/** A server with these roles, for tests. */
export function observedServer(...roles: ObservedRole[]): Observed {
  return {
    inRecovery: false,
    user: 'postgres',
    roles: new Map(roles.map((found) => [found.name, found])),
    databases: new Map(),
  };
}

/** What is to do for roles. */
export function planRoles(
  declared: Partial<Declared>,
  observed: Observed,
  verifiers: NewVerifiers = new Map(),
): Plan {
  return plan({ roles: [], databases: [], ...declared }, observed, verifiers);
}
