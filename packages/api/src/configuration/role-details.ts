import { parse as parseYaml } from 'yaml';
import { isObject } from './collections.ts';

/** What is written about an infrastructure role besides its name and its password. */
export interface RoleDetails {
  /** Attributes, e.g. `createdb`. */
  flags: string[];
  /** Roles that it is a member of. */
  memberOf: string[];
  /** Parameters that its sessions begin with. */
  settings: Record<string, string>;
  /** Role that may add members to this one. */
  adminRole?: string;
}

/**
 * Reads `user_flags`, `inrole`, `db_parameters` and `admin_role`, in YAML or JSON; other members are ignored. Throws what
 * is wrong, without anything of the text in it.
 */
export function parseRoleDetails(text: string): RoleDetails {
  const written = fromYaml(text) ?? {};
  if (!isObject(written)) throw new Error(expected);
  const { user_flags, inrole, db_parameters, admin_role: adminRole } = written;
  if (!isMissing(adminRole) && typeof adminRole !== 'string')
    throw new Error('expected the name of a role for `admin_role`');
  return {
    flags: texts(user_flags, 'expected a list of attributes such as `createdb` for `user_flags`'),
    memberOf: texts(inrole, 'expected a list of names of roles for `inrole`'),
    settings: settingsOf(db_parameters),
    ...(typeof adminRole === 'string' && adminRole !== '' ? { adminRole } : {}),
  };
}

const expected =
  'expected an object with `user_flags`, `inrole`, `db_parameters` and `admin_role`, as YAML or JSON';

function fromYaml(text: string): unknown {
  try {
    // A warning would print the text: it may be in a Secret.
    return parseYaml(text, { logLevel: 'error' });
  } catch {
    // The parser's own message quotes the text.
    throw new Error(expected);
  }
}

function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function texts(value: unknown, problem: string): string[] {
  if (isMissing(value)) return [];
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) throw new Error(problem);
  return value.filter((each) => each !== '');
}

function settingsOf(value: unknown): Record<string, string> {
  if (isMissing(value)) return {};
  const entries = isObject(value) ? Object.entries(value) : [['', undefined] as const];
  return Object.fromEntries(
    entries.map(([name, each]) => {
      if (typeof each !== 'string' && typeof each !== 'number' && typeof each !== 'boolean')
        throw new Error('expected an object of names and values for `db_parameters`');
      return [name, String(each)];
    }),
  );
}
