import { connect, type ConnectOptions, type Connection } from './connection.ts';

/** Sessions in the databases of one server, opened when they are needed. */
export interface Sessions {
  /** For messages, e.g. `PostgreSQL at 10.0.0.1:5432`. */
  readonly server: string;
  /**
   * Runs with a session in `database`, which ends afterwards; without a name with that in the maintenance database,
   * which is kept and must not be used twice at a time. Throws what `connect` and `run` throw.
   */
  use<T>(database: string | undefined, run: (connection: Connection) => Promise<T>): Promise<T>;
  /** Can be called again. */
  close(): Promise<void>;
}

/** `options.database` is the maintenance database. */
export function openSessions(options: ConnectOptions): Sessions {
  let maintenance: Promise<Connection> | undefined;
  return {
    server: `PostgreSQL at ${options.host}:${options.port ?? 5432}`,
    async use(database, run) {
      if (database === undefined || database === options.database) {
        maintenance ??= connect(options);
        return run(await maintenance);
      }
      const connection = await connect({ ...options, ...(await versionOf(maintenance)), database });
      try {
        return await run(connection);
      } finally {
        await connection.close();
      }
    },
    async close() {
      const open = maintenance;
      maintenance = undefined;
      await open?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    },
  };
}

/** As far as the server has said it. */
async function versionOf(connection: Promise<Connection> | undefined): Promise<{ version?: number }> {
  const version = (await connection?.catch(() => undefined))?.version;
  return version === undefined ? {} : { version };
}
