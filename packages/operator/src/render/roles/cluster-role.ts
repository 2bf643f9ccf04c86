/**
 * Where a role comes from, lowest priority first: of two roles with the same name that of the later origin wins. The
 * numbers of `/config/` count from 1, in this order.
 */
export const roleOrigins = ['manifest', 'infrastructure', 'team', 'system', 'prepared', 'pooler'] as const;

export type RoleOrigin = (typeof roleOrigins)[number];

/** A role of a cluster, wherever it is declared. */
export interface ClusterRole {
  name: string;
  origin: RoleOrigin;
  /** Where it is declared, for people, e.g. `spec.users.foo`. */
  source: string;
  /** Attributes as a manifest writes them. */
  flags: readonly string[];
  memberOf: readonly string[];
  /** Roles that are members of this one and may add others. */
  admins: readonly string[];
  /** `ALTER ROLE … SET`. */
  settings: Readonly<Record<string, string>>;
  /** It logs in with a password and therefore has a Secret. */
  secret?: {
    namespace: string;
    /** Database that belongs in the Secret's `dbname` and `uri`, where one is known. */
    database?: string;
    /** Password that is given from outside; missing: a new one is made when the Secret does not exist. */
    password?: string;
  };
}
