import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writeFileAtomic } from '../auth/atomic-file.ts';

/** A process, told apart from a later one with the same pid by when it started. */
export interface ServerProcess {
  pid: number;
  /** Clock ticks after boot: field 22 of `/proc/PID/stat`. */
  startTime: string;
  /** The boot that `startTime` counts from. */
  bootId: string;
  /** It stops what runs here and ends then: nothing new can be asked of it. */
  stopping?: true;
}

/** The right to be the one server of a home directory. */
export interface HomeLock {
  /** Tells others that the holder ends soon: whoever wants the home waits for that. */
  stopping(): void;
  /** Idempotent; the end of the process does the same. */
  release(): void;
}

/** Another process serves this home. */
export class HomeLockedError extends Error {
  readonly holder: ServerProcess | undefined;
  constructor(home: string, holder: ServerProcess | undefined) {
    super(
      `a server already runs on ${home}${holder ? ` (process ${holder.pid})` : ''}: stop it first, or choose ` +
        'another PGHERD_HOME',
    );
    this.name = 'HomeLockedError';
    this.holder = holder;
  }
}

/** A connection that the garbage collector takes loses its lock, so those that hold one stay reachable. */
const holding = new Set<DatabaseSync>();

/**
 * Takes the lock of a home directory or throws `HomeLockedError`. The kernel holds it (SQLite's file lock), so
 * it ends with the process however that ends, and no leftover of a killed server or of a reused pid ever
 * looks like a running one. `server.json` beside it only says who holds it.
 */
export function lockHome(home: string, options: { stopping?: boolean } = {}): HomeLock {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(home, 'server.lock'));
  try {
    // Nothing is ever written there, so a full disk keeps nobody from taking the lock, e.g. to make room.
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new HomeLockedError(home, serverProcess(home));
    throw new Error(`cannot lock ${join(home, 'server.lock')}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  holding.add(database);
  const file = join(home, 'server.json');
  const note = (stopping: boolean): void => {
    const holder = { ...describeProcess(process.pid), ...(stopping ? { stopping } : {}) };
    try {
      writeFileAtomic(file, `${JSON.stringify(holder)}\n`);
    } catch (error) {
      // Stopping and removing must be possible on a full disk.
      if (!stopping) throw error;
    }
  };
  note(options.stopping === true);
  return {
    stopping: () => note(true),
    release: () => {
      if (!holding.delete(database)) return;
      rmSync(file, { force: true });
      database.close();
    },
  };
}

/** How often a lock is tried that is about to be free, milliseconds. */
const TRY_AGAIN_MS = 50;

/**
 * `lockHome` that waits, up to `timeoutMs`, for a holder that is stopping. A holder that serves is not waited for.
 * `stopping`: the caller itself only stops or removes what there is.
 */
export async function lockHomeWhenStopped(
  home: string,
  { timeoutMs, stopping = false }: { timeoutMs: number; stopping?: boolean },
): Promise<HomeLock> {
  const deadline = Date.now() + timeoutMs;
  let unnamed = 0;
  for (;;) {
    try {
      return lockHome(home, { stopping });
    } catch (error) {
      if (!(error instanceof HomeLockedError) || Date.now() > deadline) throw error;
      // Between the lock and the note of who holds it there is a moment.
      const waits = error.holder === undefined ? ++unnamed < 10 : error.holder.stopping === true;
      if (!waits) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  }
}

/** The process that serves a home, `undefined` when none is alive. For `status` and `down`. */
export function serverProcess(home: string): ServerProcess | undefined {
  try {
    const noted = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as ServerProcess;
    const now = describeProcess(noted.pid);
    if (now?.startTime !== noted.startTime || now.bootId !== noted.bootId) return undefined;
    return noted.stopping === true ? { ...now, stopping: true } : now;
  } catch {
    return undefined;
  }
}

function isBusy(error: unknown): boolean {
  // SQLITE_BUSY is 5; extended codes carry it in the low byte.
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && (code & 255) === 5;
}

/** `undefined` when there is no such process. */
export function describeProcess(pid: number): ServerProcess | undefined {
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Zombies and dead processes serve nothing.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, startTime: fields[19] ?? '', bootId };
  } catch {
    return undefined;
  }
}
