import {
  type Connection,
  type Declared,
  type DeclaredRole,
  PasswordChecker,
  type Plan,
  type Sessions,
  attributesOf,
  connect,
  execute,
  openSessions,
  planPass,
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

  /** `settings`: postgresql.conf. */
  static async start(settings: Record<string, string> = {}): Promise<PostgresLab> {
    const server = await startPostgres(settings);
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
    return connect({ host: this.server.host, port: this.server.port, user, password, database });
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

  /** What is left to do. */
  async plan(declared: Partial<Declared>, checker = new PasswordChecker()): Promise<Plan> {
    return (await planPass(this.sessions, { roles: [], databases: [], ...declared }, checker)).plan;
  }

  /** Makes it so, insists that nothing was refused and that nothing is left to do. */
  async apply(declared: Partial<Declared>): Promise<Plan> {
    const planned = await this.plan(declared);
    const outcome = await execute(this.sessions, planned.steps);
    for (const { step, error } of outcome.failed) throw new Error(`${step.what}: ${error.message}`);
    const [left] = (await this.plan(declared)).steps;
    if (left) throw new Error(`the next pass would ${left.what}, because ${left.why}`);
    return planned;
  }
}

export function role(name: string, flags: string[] = [], rest: Partial<DeclaredRole> = {}): DeclaredRole {
  return { name, attributes: attributesOf(flags), ...rest };
}
