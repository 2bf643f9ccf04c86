/** Role attributes that a manifest can set, in the order in which SQL shows them. */
export const attributeNames = [
  'superuser',
  'inherit',
  'createrole',
  'createdb',
  'login',
  'replication',
  'bypassrls',
] as const;

export type AttributeName = (typeof attributeNames)[number];

/** Attributes that are declared; those that are missing stay as they are. */
export type Attributes = Partial<Record<AttributeName, boolean>>;

/** A role that should exist. */
export interface DeclaredRole {
  name: string;
  attributes: Attributes;
  /** In clear text, or a verifier. Missing: the password is left as it is. */
  password?: string;
  /** Roles that this one is a member of. Others that it is a member of by now stay. */
  memberOf?: string[];
  /** Roles that become members of this one, with the right to add others. */
  admins?: string[];
}

/** A database that should exist. */
export interface DeclaredDatabase {
  name: string;
  owner: string;
}

/** What should be true inside PostgreSQL. */
export interface Declared {
  roles: DeclaredRole[];
  databases: DeclaredDatabase[];
}

/**
 * Attributes from the words of a manifest, e.g. `['createdb', 'NOINHERIT']`. A role of a manifest can log in unless
 * it says `nologin`. Throws when a word is unknown or contradicts another.
 */
export function attributesOf(flags: readonly string[]): Attributes {
  const attributes: Attributes = {};
  for (const flag of flags) {
    const word = flag.toLowerCase();
    const positive = attributeNames.find((name) => name === word);
    const name = positive ?? attributeNames.find((other) => `no${other}` === word);
    if (name === undefined) throw new Error(`\`${flag}\` is not a role attribute`);
    const value = positive !== undefined;
    if (attributes[name] === !value) throw new Error(`\`${name}\` and \`no${name}\` contradict each other`);
    attributes[name] = value;
  }
  return { login: true, ...attributes };
}
