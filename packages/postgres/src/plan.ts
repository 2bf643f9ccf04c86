import { type Attributes, type Declared, type DeclaredRole, attributeNames } from './declared.ts';
import type { Observed } from './observe.ts';
import type { NewVerifiers } from './password-checker.ts';
import { identifier, literal, nameProblem } from './sql.ts';

/** Statements that belong together, with the reason. */
export interface Step {
  /** What it does, e.g. `create role zalando`. */
  what: string;
  /** Why, e.g. `spec.users.zalando: there is no such role`. */
  why: string;
  statements: string[];
  /** The same for people's eyes: passwords and verifiers replaced. */
  shown: string[];
  /** Whether the statements run in one transaction; `CREATE DATABASE` cannot. */
  transaction: boolean;
}

/** A declaration that cannot be carried out. */
export interface Conflict {
  /** E.g. `role foo`, `database bar`. */
  object: string;
  /** What is wrong and what to do. */
  message: string;
}

export interface Plan {
  steps: Step[];
  conflicts: Conflict[];
}

const hidden = "'********'";

/**
 * The statements that make `observed` into `declared`, roles before what needs them. Nothing is ever dropped, no
 * membership and no undeclared attribute is ever taken away. When nothing is to do the plan is empty.
 */
export function plan(declared: Declared, observed: Observed, verifiers: NewVerifiers): Plan {
  const conflicts: Conflict[] = [];
  const roles = declared.roles.filter((role) => usable('role', role.name, conflicts));
  const databases = declared.databases.filter((database) => usable('database', database.name, conflicts));
  const known = new Set([...observed.roles.keys(), ...roles.map((role) => role.name)]);
  return {
    steps: [
      ...roles.flatMap((role) => roleSteps(role, observed, verifiers.get(role.name))),
      ...roles.flatMap((role) => membershipSteps(role, observed, known, conflicts)),
      ...databases.flatMap((database) => databaseSteps(database, observed, known, conflicts)),
    ],
    conflicts,
  };
}

function usable(kind: 'role' | 'database', name: string, conflicts: Conflict[]): boolean {
  const problem =
    nameProblem(name) ??
    (kind === 'role' && name.startsWith('pg_')
      ? 'PostgreSQL reserves names that begin with pg_'
      : undefined) ??
    (kind === 'role' && ['public', 'none'].includes(name) ? 'PostgreSQL reserves this name' : undefined);
  if (problem === undefined) return true;
  conflicts.push({ object: `${kind} ${JSON.stringify(name)}`, message: `${problem}; choose another name.` });
  return false;
}

function attributeWords(attributes: Attributes): string {
  return attributeNames
    .filter((name) => attributes[name] !== undefined)
    .map((name) => (attributes[name] === true ? name : `no${name}`).toUpperCase())
    .join(' ');
}

/** One step with statements that contain a verifier, and their masked form. */
function step(
  what: string,
  why: string,
  parts: { sql: (secret: string) => string; verifier?: string }[],
): Step {
  return {
    what,
    why,
    statements: parts.map(({ sql, verifier }) => sql(verifier === undefined ? '' : literal(verifier))),
    shown: parts.map(({ sql }) => sql(hidden)),
    transaction: true,
  };
}

function roleSteps(role: DeclaredRole, observed: Observed, verifier: string | undefined): Step[] {
  const name = identifier(role.name);
  const existing = observed.roles.get(role.name);
  const password = (secret: string): string => (verifier === undefined ? '' : ` PASSWORD ${secret}`);
  const secret = verifier === undefined ? {} : { verifier };
  if (!existing) {
    const words = attributeWords(role.attributes);
    return [
      step(`create role ${role.name}`, 'there is no such role', [
        {
          sql: (text) => `CREATE ROLE ${name}${words === '' ? '' : ` ${words}`}${password(text)}`,
          ...secret,
        },
      ]),
    ];
  }
  const differing: Attributes = {};
  for (const attribute of attributeNames) {
    const wanted = role.attributes[attribute];
    if (wanted !== undefined && wanted !== existing.attributes[attribute]) differing[attribute] = wanted;
  }
  const words = attributeWords(differing);
  if (words === '' && verifier === undefined) return [];
  const reasons = [
    ...(words === '' ? [] : [`attributes: ${words.toLowerCase()}`]),
    ...(verifier === undefined ? [] : ['the password is another than in the Secret']),
  ];
  return [
    step(`change role ${role.name}`, reasons.join('; '), [
      { sql: (text) => `ALTER ROLE ${name}${words === '' ? '' : ` ${words}`}${password(text)}`, ...secret },
    ]),
  ];
}

function membershipSteps(
  role: DeclaredRole,
  observed: Observed,
  known: Set<string>,
  conflicts: Conflict[],
): Step[] {
  const grants: { member: string; group: string; admin: boolean }[] = [
    ...(role.memberOf ?? []).map((group) => ({ member: role.name, group, admin: false })),
    ...(role.admins ?? []).map((member) => ({ member, group: role.name, admin: true })),
  ];
  return grants.flatMap(({ member, group, admin }): Step[] => {
    const other = member === role.name ? group : member;
    if (!known.has(other)) {
      conflicts.push({
        object: `role ${JSON.stringify(role.name)}`,
        message: `the role ${JSON.stringify(other)} does not exist; create it, or remove it from the declaration.`,
      });
      return [];
    }
    const existing = observed.roles.get(member)?.memberOf[group];
    if (existing && (existing.admin || !admin)) return [];
    const option = admin ? ' WITH ADMIN OPTION' : '';
    return [
      step(`grant role ${group} to ${member}`, existing ? 'without the admin option' : 'not a member', [
        { sql: () => `GRANT ${identifier(group)} TO ${identifier(member)}${option}` },
      ]),
    ];
  });
}

function databaseSteps(
  database: { name: string; owner: string },
  observed: Observed,
  known: Set<string>,
  conflicts: Conflict[],
): Step[] {
  if (!known.has(database.owner)) {
    conflicts.push({
      object: `database ${JSON.stringify(database.name)}`,
      message: `its owner ${JSON.stringify(database.owner)} does not exist; declare the role.`,
    });
    return [];
  }
  const existing = observed.databases.get(database.name);
  const [name, owner] = [identifier(database.name), identifier(database.owner)];
  if (!existing) {
    const sql = `CREATE DATABASE ${name} OWNER ${owner}`;
    return [
      {
        what: `create database ${database.name}`,
        why: 'there is no such database',
        statements: [sql],
        shown: [sql],
        transaction: false,
      },
    ];
  }
  if (existing.owner === database.owner) return [];
  return [
    step(`change owner of database ${database.name}`, `owner: ${existing.owner} → ${database.owner}`, [
      { sql: () => `ALTER DATABASE ${name} OWNER TO ${owner}` },
    ]),
  ];
}
