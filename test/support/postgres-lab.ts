import {
  type Connection,
  type Declared,
  type DeclaredRole,
  PasswordChecker,
  type Plan,
  type Sessions,
  attributesOf,
  connect,
  nameOf,
  openSessions,
  planPass,
  problemOf,
  runPass,
} from '@pgherd/postgres';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

/** A PostgreSQL server, and what the operator does to it. */
export class PostgresLab {
  readonly server: PostgresServer;
  /** A session of the superuser's, for looking and preparing. */
  readonly superuser: Connection;
  /** The operator's. */
  readonly sessions: Sessions;

  private constructor(server: PostgresServer, superuser: Connection, sessions: Sessions) {
    this.server = server;
    this.superuser = superuser;
    this.sessions = sessions;
  }

  /** See `startPostgres`. */
  static async start(...how: Parameters<typeof startPostgres>): Promise<PostgresLab> {
    const server = await startPostgres(...how);
    const options = {
      host: server.host,
      port: server.port,
      user: 'postgres',
      password: server.password,
      database: 'postgres',
    };
    return new PostgresLab(server, await connect(options), openSessions(options));
  }

  async stop(): Promise<void> {
    await this.superuser.close();
    await this.sessions.close();
    await this.server.stop();
  }

  login(user: string, password: string, database = 'postgres'): Promise<Connection> {
    const { host, port } = this.server;
    const { version } = this.superuser;
    return connect({ host, port, user, password, database, ...(version === undefined ? {} : { version }) });
  }

  async withSession<T>(
    run: (connection: Connection) => Promise<T>,
    ...to: Parameters<PostgresLab['login']>
  ): Promise<T> {
    const connection = await this.login(...to);
    try {
      return await run(connection);
    } finally {
      await connection.close();
    }
  }

  /** Runs statements in a session of its own. The password of every role but `postgres` has to be its name. */
  sql(user: string, database: string, statements: string): Promise<Record<string, unknown>[]> {
    const password = user === 'postgres' ? this.server.password : user;
    return this.withSession((connection) => connection.query(statements), user, password, database);
  }

  /** The operator's sessions; the server ends the one that is about to send statement `number`. */
  cutAt(number: number): { sessions: Sessions; sent: () => number } {
    let sent = 0;
    const cut = (connection: Connection): Connection => {
      const query: Connection['query'] = async (sql, values) => {
        sent += 1;
        if (sent === number) {
          const [row] = await connection.query<{ pid: number }>('select pg_backend_pid() as pid');
          await this.superuser.query('select pg_terminate_backend($1, 10000)', [row?.pid]);
        }
        return connection.query(sql, values);
      };
      return { ...connection, query };
    };
    const { host, port, password } = this.server;
    const real = openSessions({ host, port, user: 'postgres', password, database: 'postgres' });
    return {
      sessions: { ...real, use: (database, run) => real.use(database, (connection) => run(cut(connection))) },
      sent: () => sent,
    };
  }

  /** What is left to do. */
  async plan(declared: Partial<Declared>, checker = new PasswordChecker()): Promise<Plan> {
    return (await planPass(this.sessions, { roles: [], databases: [], ...declared }, checker)).plan;
  }

  /** Makes it so, insists that nothing was refused and that nothing is left to do. */
  async apply(declared: Partial<Declared>): Promise<Plan> {
    const { plan: planned, outcome } = await this.run(declared);
    for (const { step, error } of outcome.failed) throw new Error(`${step.what}: ${error.message}`);
    const [left] = (await this.plan(declared)).steps;
    if (left) throw new Error(`the next pass would ${left.what}, because ${left.why}`);
    return planned;
  }

  private run(declared: Partial<Declared>): ReturnType<typeof runPass> {
    return runPass(this.sessions, { roles: [], databases: [], ...declared }, new PasswordChecker());
  }

  /** The same; says what was done, e.g. `create role r`, `in database db: create schema s`. Declarations must be possible. */
  async done(declared: Partial<Declared>): Promise<string[]> {
    const { steps, conflicts } = await this.apply(declared);
    for (const { object, message } of conflicts) throw new Error(`${object}: ${message}`);
    return steps.map(nameOf);
  }

  /** Makes it so as far as it can be, and says what could not be done. */
  async problems(declared: Partial<Declared>): Promise<string[]> {
    const { plan, outcome } = await this.run(declared);
    return [
      ...plan.conflicts.map(({ object, message }) => `${object}: ${message}`),
      ...outcome.failed.map(problemOf),
    ];
  }
}

export function role(name: string, flags: string[] = [], rest: Partial<DeclaredRole> = {}): DeclaredRole {
  return { name, attributes: attributesOf(flags), ...rest };
}
