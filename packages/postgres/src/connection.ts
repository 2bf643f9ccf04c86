import pg from 'pg';
import { toPostgresError } from './error.ts';

export interface ConnectOptions {
  host: string;
  /** Default 5432. */
  port?: number;
  user: string;
  password?: string;
  database: string;
  /**
   * `encrypt` (default): TLS without checking the certificate, SCRAM bound to the TLS channel, so that somebody in
   * between cannot pass the login on. `{ ca }`: the certificate is checked too. `off`: no TLS.
   */
  tls?: 'encrypt' | 'off' | { ca: string };
  /** Default 10 s. */
  connectTimeoutMs?: number;
  /** Limit of one statement. Default 60 s; creating a database copies one. */
  statementTimeoutMs?: number;
  /** Limit of waiting for a lock. Default 10 s. */
  lockTimeoutMs?: number;
  /** PostgreSQL refuses to write. Default false. */
  readOnly?: boolean;
  /** Major version of the server, if it is known: parameters that not all versions have are pinned then, too. */
  version?: number;
  /** Shown in `pg_stat_activity`. Default `pgherd`. */
  applicationName?: string;
}

/** One session. Every method throws `PostgresError`. */
export interface Connection {
  /** Major version of the server, as it says. */
  readonly version?: number;
  query<Row extends object = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Commits when `run` returns and rolls back when it throws. */
  transaction<T>(run: () => Promise<T>): Promise<T>;
  /** Can be called at any time and again. */
  close(): Promise<void>;
}

/** A session over the network. */
export interface NetworkConnection extends Connection {
  /** Resolves when it is over, whoever ended it; it need not be used for that to be noticed. */
  readonly ended: Promise<void>;
}

/**
 * Settings of the session. They come with the start of the connection, so that no setting of role or database comes
 * before or instead of them: the owner of a database may set there whatever an ordinary user may. These are all the
 * parameters by which he could have a superuser's session act as somebody else, find what he planted in a schema, fail,
 * wait, or write statements into the log.
 *
 * A commit does not wait for replicas: without any it would wait for ever, and what is lost is done again.
 */
function sessionSettings(options: ConnectOptions): Record<string, string> {
  // What is pinned without knowing the version is as old as PostgreSQL 12.
  const { version = 12 } = options;
  return {
    search_path: 'pg_catalog,pg_temp',
    role: 'none',
    local_preload_libraries: '',
    statement_timeout: String(options.statementTimeoutMs ?? 60_000),
    lock_timeout: String(options.lockTimeoutMs ?? 10_000),
    idle_in_transaction_session_timeout: '60000',
    exit_on_error: 'off',
    synchronous_commit: 'local',
    default_transaction_read_only: options.readOnly === true ? 'on' : 'off',
    default_transaction_isolation: 'read committed',
    default_transaction_deferrable: 'off',
    default_tablespace: '',
    default_table_access_method: 'heap',
    check_function_bodies: 'on',
    row_security: 'on',
    standard_conforming_strings: 'on',
    transform_null_equals: 'off',
    quote_all_identifiers: 'off',
    DateStyle: 'ISO',
    client_min_messages: 'warning',
    debug_print_parse: 'off',
    debug_print_rewritten: 'off',
    debug_print_plan: 'off',
    // Its thresholds can be set, too, and then every look would take seconds.
    jit: 'off',
    ...(version >= 14 ? { idle_session_timeout: '0' } : {}),
    ...(version >= 17 ? { transaction_timeout: '0' } : {}),
  };
}

/** As the server takes it apart: spaces end an option, and backslashes keep them from doing so. */
function commandLine(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, String.raw`\$&`)}`)
    .join(' ');
}

/** Opens a session. Throws `PostgresError`, whose message names host, database and user. */
export async function connect(options: ConnectOptions): Promise<NetworkConnection> {
  const { host, port = 5432, user, password, database, tls = 'encrypt', connectTimeoutMs = 10_000 } = options;
  const where = `PostgreSQL at ${host}:${port}, database ${database}, user ${user}`;
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    // A function, so that pg never looks into the environment or a password file.
    password: () => password ?? '',
    ssl: tls === 'off' ? false : tls === 'encrypt' ? { rejectUnauthorized: false } : { ca: tls.ca },
    enableChannelBinding: true,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: (options.statementTimeoutMs ?? 60_000) + 5000,
    application_name: options.applicationName ?? 'pgherd',
    options: commandLine(sessionSettings(options)),
    keepAlive: true,
  });
  refuseClearText(client);
  let version: number | undefined;
  (client as unknown as Internals).connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'server_version') version = Number.parseInt(parameterValue, 10);
  });
  let lost = false;
  // Without a listener a broken connection would end the process.
  client.on('error', () => (lost = true));
  const { promise: ended, resolve: tellEnd } = Promise.withResolvers<void>();
  client.on('end', () => {
    lost = true;
    tellEnd();
  });
  try {
    await client.connect();
  } catch (error) {
    // A connection that timed out may still be opening.
    await end(client);
    throw toPostgresError(error, where, true);
  }

  const query = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => {
    try {
      return (await client.query<Row>(sql, values)).rows;
    } catch (error) {
      throw toPostgresError(error, where, lost);
    }
  };
  return {
    ...(version === undefined ? {} : { version }),
    query,
    async transaction(run) {
      await query('BEGIN');
      try {
        const result = await run();
        await query('COMMIT');
        return result;
      } catch (error) {
        // If this fails the session is gone, and the transaction with it.
        await query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
    ended,
    close: () => end(client),
  };
}

/** How long a session may take to say goodbye. */
const goodbyeMs = 2000;

/** Ends the session, if need be without the other side's consent. */
async function end(client: pg.Client): Promise<void> {
  const { connection } = client as unknown as Internals;
  const timer = setTimeout(() => connection.stream?.destroy(), goodbyeMs);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}

/** The internals of `pg` that this file touches. */
interface Internals {
  connection: {
    stream?: { destroy(): void };
    emit(event: 'error', error: Error): void;
    on(
      event: 'parameterStatus',
      listener: (message: { parameterName: string; parameterValue: string }) => void,
    ): void;
  };
  _handleAuthCleartextPassword(): void;
}

/** Whoever is at the other end of an unchecked TLS connection may ask for the password, but never gets it. */
function refuseClearText(client: pg.Client): void {
  const internals = client as unknown as Internals;
  // oxlint-disable-next-line no-underscore-dangle -- pg's own name
  internals._handleAuthCleartextPassword = () =>
    internals.connection.emit(
      'error',
      new Error('the server asks for the password in clear text; let pg_hba.conf ask for scram-sha-256'),
    );
}
