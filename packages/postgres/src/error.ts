/**
 * A failure of PostgreSQL or of the connection to it. `transient`: the same may work later, with nothing changed.
 */
export class PostgresError extends Error {
  /** SQLSTATE, or the operating system's code (`ECONNREFUSED`); missing when there is neither. */
  readonly code: string | undefined;
  readonly transient: boolean;
  /** Whether the connection is gone, so that nothing else can be tried on it. */
  readonly connectionLost: boolean;

  constructor(message: string, code: string | undefined, connectionLost: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PostgresError';
    this.code = code;
    this.connectionLost = connectionLost;
    this.transient = connectionLost || (code !== undefined && isTransient(code));
  }
}

/** SQLSTATEs and classes of them (two characters) that pass by themselves. Source: PostgreSQL's appendix A. */
const transientStates = [
  '08', // connection exception
  '40', // transaction rollback: serialization failure, deadlock
  '53', // insufficient resources: too many connections, disk full
  '57', // operator intervention: shutdown, starting up, query cancelled, database dropped
  '58', // system error outside of PostgreSQL
  '25006', // read-only transaction: it is a replica (now)
  '25P03', // idle in transaction for too long
  '55006', // object in use: the template database while somebody is connected to it
  '55P03', // lock not available within lock_timeout
];

function isTransient(code: string): boolean {
  return transientStates.some((state) => code === state || (state.length === 2 && code.startsWith(state)));
}

function isSqlState(code: string | undefined): boolean {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code);
}

/** Any failure of `pg` as a PostgresError. `doing` says what was tried, without secrets. */
export function toPostgresError(error: unknown, doing: string, connectionLost: boolean): PostgresError {
  if (error instanceof PostgresError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  // FATAL ends the session; without a SQLSTATE it was not the server that spoke.
  const fatal = 'severity' in cause && (cause.severity === 'FATAL' || cause.severity === 'PANIC');
  const lost = connectionLost || fatal || !isSqlState(code);
  return new PostgresError(`${doing}: ${cause.message}`, code, lost, { cause: withoutQuery(cause) });
}

/** PostgreSQL's errors may quote the statement, and a statement may contain a verifier. */
function withoutQuery(cause: Error): Error {
  const bare = new Error(cause.message);
  bare.name = cause.name;
  return bare;
}
