import {
  connect,
  nameOf,
  openSessions,
  PasswordChecker,
  planPass,
  PostgresError,
  problemOf,
  runPass,
  type ConnectOptions,
  type Declared,
  type Sessions,
} from '@pgherd/postgres';
import type { Credentials } from '../render/input.ts';

/** What was done inside a database, for people; without passwords. */
export interface DatabaseReport {
  done: string[];
  /** What is left for later, and why; no failure. */
  postponed: string[];
  /** Declarations that cannot be carried out, and statements that PostgreSQL refused. */
  problems: string[];
  /** Roles that exist now; absent: it was not looked. */
  roles?: ReadonlySet<string>;
}

/** What is done about the pods of a cluster when passwords change, and when the superuser's is refused. */
export interface PodHelp {
  /** Password of the superuser that this process got in with last, if it is another one than the Secret's. */
  formerPassword?: string;
  /** Before other passwords go into the database for these roles: pods may log in with the old ones. */
  passwordsChange(roles: string[]): Promise<void>;
  /** Gives the superuser the password of its Secret from within the primary's pod, where nobody asks for the old one. */
  setSuperuserPassword(): Promise<void>;
}

/** Makes what is declared true inside PostgreSQL. */
export interface DatabaseAccess {
  /**
   * Throws `PostgresError` when the server cannot be reached or is not the primary (any more). When it knows another
   * password of the superuser than the Secret, it gets that of the Secret: with the former one, or else with the help of
   * its pod.
   */
  bringInLine(
    address: string,
    superuser: Credentials,
    declared: Declared,
    pods: PodHelp,
  ): Promise<DatabaseReport>;
  /**
   * Has a member write to disk what a stop would have to write while nobody can use it. Waits for it a limited time; what
   * is not done then goes on by itself. Throws `PostgresError`. Absent: it is left to the stop.
   */
  checkpoint?(address: string, superuser: Credentials): Promise<void>;
  /**
   * Opens a session that does nothing, for whoever wants to know when the server goes away. Throws the same. Absent: there
   * are no such sessions.
   */
  hold?(address: string, superuser: Credentials): Promise<HeldSession>;
  /** Only reads. What is different, a line each, without passwords; throws the same. */
  look(address: string, superuser: Credentials, declared: Declared): Promise<string[]>;
}

/** A session that does nothing. */
export interface HeldSession {
  /** Resolves when it is over, whoever ended it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** How a primary is reached. */
export type Reach = (address: string, superuser: Credentials) => ConnectOptions;

const onItsPort: Reach = (host, { username: user, password }) => ({
  host,
  user,
  password,
  database: 'postgres',
});

/** How long a checkpoint is waited for. The checkpointer itself does not end with the statement. */
const checkpointMs = 30_000;

/** SQLSTATE invalid_password. Source: PostgreSQL's appendix A. */
const wrongPassword = '28P01';

/** Over SQL, as superuser, with TLS. Tests reach a server of their own. */
export function sqlDatabaseAccess(reach: Reach = onItsPort): DatabaseAccess {
  const checker = new PasswordChecker();

  /** Whether the superuser gets in with the former password, and has that of the Secret from then on. */
  async function setWithFormer(
    address: string,
    superuser: Credentials,
    declared: Declared,
    pods: PodHelp,
  ): Promise<boolean> {
    const { formerPassword: password } = pods;
    if (password === undefined) return false;
    return withSessions(reach(address, { ...superuser, password }), async (sessions) => {
      if ((await passwordRefusal(sessions)) !== undefined) return false;
      const roles = declared.roles.filter(({ name }) => name === superuser.username);
      await runPass(sessions, { roles, databases: [] }, checker, (changed) => pods.passwordsChange(changed));
      return true;
    });
  }

  return {
    bringInLine: (address, superuser, declared, pods) =>
      withSessions(reach(address, superuser), async (sessions) => {
        const refusal = await passwordRefusal(sessions);
        if (refusal !== undefined && !(await setWithFormer(address, superuser, declared, pods)))
          await setPassword(superuser.username, refusal, pods);
        const { plan, outcome, roles } = await runPass(sessions, declared, checker, (changed) =>
          pods.passwordsChange(changed),
        );
        return {
          done: outcome.done.map(nameOf),
          postponed: plan.notes.map(({ object, message }) => `${object}: ${message}`),
          problems: [
            ...plan.conflicts.map(({ object, message }) => `${object}: ${message}`),
            ...outcome.failed.map(problemOf),
          ],
          roles,
        };
      }),
    checkpoint: (address, superuser) =>
      withSessions({ ...reach(address, superuser), statementTimeoutMs: checkpointMs }, (sessions) =>
        sessions.use(undefined, async (connection) => {
          await connection.query('CHECKPOINT');
        }),
      ),
    hold: (address, superuser) =>
      connect({
        ...reach(address, superuser),
        readOnly: true,
        connectTimeoutMs: 3_000,
        applicationName: 'pgherd watch',
      }),
    look: (address, superuser, declared) =>
      withSessions({ ...reach(address, superuser), readOnly: true }, async (sessions) => {
        const { plan } = await planPass(sessions, declared, checker);
        return plan.steps.map((step) => `${nameOf(step)} (${step.why})`);
      }),
  };
}

async function withSessions<T>(options: ConnectOptions, run: (sessions: Sessions) => Promise<T>): Promise<T> {
  const sessions = openSessions(options);
  try {
    return await run(sessions);
  } finally {
    await sessions.close();
  }
}

/** Opens the session that is used afterwards. Answers with the error when the server does not accept the password. */
async function passwordRefusal(sessions: Sessions): Promise<PostgresError | undefined> {
  try {
    await sessions.use(undefined, async () => {});
    return undefined;
  } catch (error) {
    if (!(error instanceof PostgresError) || error.code !== wrongPassword) throw error;
    await sessions.close();
    return error;
  }
}

/** A Secret that somebody deleted or changed must not lock the operator out. */
async function setPassword(superuser: string, refusal: PostgresError, pods: PodHelp): Promise<void> {
  await pods.passwordsChange([superuser]);
  try {
    await pods.setSuperuserPassword();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `${refusal.message}; setting the password of the Secret from within the pod failed: ${why}`;
    throw new PostgresError(message, refusal.code, true, { cause: error });
  }
}
