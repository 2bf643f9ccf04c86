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
  /** Where it is declared, for people, e.g. `spec.users.foo`. */
  source?: string;
  attributes: Attributes;
  /** In clear text, or a verifier. null: it has none, because it logs in otherwise. Missing: left as it is. */
  password?: string | null;
  /** Roles that this one is a member of. Others that it is a member of by now stay. */
  memberOf?: string[];
  /** Roles that become members of this one, with the right to add others. */
  admins?: string[];
  /** Parameters that its sessions begin with, in all databases (`ALTER ROLE … SET`). Others that it has stay. */
  settings?: Record<string, string>;
  /**
   * It is a person's: marked with a comment, so that it is known as one when the person is no longer declared, and
   * renamed back when the person returns. See `Declared.people`.
   */
  person?: boolean;
}

/** A schema that should exist. */
export interface DeclaredSchema {
  name: string;
  owner: string;
  /** Roles that may use it. Others that may by now stay. */
  usage?: string[];
}

/** An extension that should exist, whichever version of it. */
export interface DeclaredExtension {
  name: string;
  /** Schema that its objects are in. One of a declared schema, or one that exists. */
  schema: string;
}

/** What `owner`'s future objects may be used for by others. */
export interface DefaultPrivileges {
  owner: string;
  /** Missing: in all schemas. */
  schema?: string;
  /** May select from tables and sequences, execute functions, use types (and, without `schema`, schemas). */
  reader: string;
  /** May change rows and sequences, execute functions, use types (and, without `schema`, schemas). */
  writer: string;
}

/** A database that should exist. */
export interface DeclaredDatabase {
  name: string;
  /** Where it is declared, for people, e.g. `spec.databases.foo`. */
  source?: string;
  owner: string;
  schemas?: DeclaredSchema[];
  extensions?: DeclaredExtension[];
  defaultPrivileges?: DefaultPrivileges[];
}

/** Login roles `<of><YYMMDD>` that a rotation of passwords made, one after the other. */
export interface RotatedRole {
  /** The role that they are members of, and whose rights they have. */
  of: string;
  /** The one that the Secret names now; it is declared as a role, too. */
  current: string;
  /** Those with an earlier date than this, `YYMMDD`, are dropped; what they own becomes `of`'s. */
  keptSince: string;
}

/** What should be true inside PostgreSQL. */
export interface Declared {
  roles: DeclaredRole[];
  databases: DeclaredDatabase[];
  /** Poolers look up passwords with `role` by a function in `schema`, in every database that there is. */
  lookup?: { role: string; schema: string };
  /**
   * Absent: people who are no longer declared keep their roles. Otherwise such a role loses its login and is renamed
   * with this suffix, e.g. `_deleted`.
   */
  people?: { departedSuffix: string };
  rotated?: RotatedRole[];
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
