import { randomUUID } from 'node:crypto';
import type { Client } from '@pgherd/kube/client';
import { ApiError, pods, type Pod } from '@pgherd/kube/objects';
import type { PoolerPause } from '../poolers/pause.ts';
import { pausablePods, podsOfPoolers, poolerContainer } from '../poolers/running-poolers.ts';

/** Transactions that run through poolers do not end, so the step is put off. */
export class PoolersBusyError extends Error {
  override readonly name = 'PoolersBusyError';
  /** Transactions of each pod. */
  readonly pods: { pod: string; transactions: number }[];

  constructor(pods: { pod: string; transactions: number }[]) {
    const list = pods.map(({ pod, transactions }) => `${transactions} through ${pod}`).join(', ');
    super(`transactions did not end within ${transactionsMayTake} s (${list}): it is tried again later`);
    this.pods = pods;
  }
}

/** Seconds that transactions may take to end; all clients of the pooler wait meanwhile. */
const transactionsMayTake = 5;
/** Seconds within which the replicas' pooler must have reached a replica again to make its connections anew. */
const refreshWithin = 60;

/** Exit code of the command `pooler`: it is not paused, because of transactions. */
const busyCode = 75;

/** What became of a pod's pooler. */
type Outcome =
  | { pod: string; is: 'paused'; cut: number }
  | { pod: string; is: 'busy'; transactions: number }
  /** Its clients are not helped. */
  | { pod: string; is: 'untouched'; why: string };

/** How a pod's pause ended, or that there was none. */
export interface PauseEnd {
  /**
   * `another`: a server answered that will do. `limit`: none did in time. `unchanged`: nothing was done to the server.
   * `busy`: not paused, because of transactions. `untouched`: not paused for another reason. `unknown`: it ends after
   * the step, or nobody could be asked.
   */
  outcome: 'another' | 'limit' | 'unchanged' | 'busy' | 'untouched' | 'unknown';
  /** How long it lasted; absent where it did not, or nobody knows. */
  ms?: number;
}

/** What is needed of the API server: the rights to list pods, and `pods/exec`. */
export type PodAccess = Pick<Client, 'exec' | 'list'>;

/**
 * Carries out `act`, which has to call `pause` right before it takes a server from poolers. Their clients wait from then
 * on until each pod has found another server, or the pause has reached its limit; both is looked after in the pods
 * themselves, so that it also happens when this process is gone. When `act` throws, any server will do for them.
 * A pooler that cannot be asked keeps nobody from acting: it is told in the notes. `onEnd` is called once for each pod.
 *
 * Throws `PoolersBusyError` out of `pause` when transactions do not end and must not be cut; nothing is paused then.
 */
export async function pausingPoolers<T>(
  client: PodAccess,
  poolers: PoolerPause | undefined,
  act: (pause: () => Promise<void>) => Promise<T>,
  onEnd: (end: PauseEnd) => void = () => {},
): Promise<{ result: T; notes: string[] }> {
  if (poolers === undefined) return { result: await act(async () => {}), notes: [] };
  const id = randomUUID();
  const ask = new Pooler(client, poolers, id);
  let outcomes: Outcome[] = [];
  let result: T;
  try {
    result = await act(async () => {
      const own = await ask.podsOf(poolers.paused);
      outcomes = await Promise.all(own.map((pod) => ask.pause(pod)));
      for (const { is } of outcomes) if (is !== 'paused') onEnd({ outcome: is });
      refuseBusy(outcomes);
    });
  } catch (error) {
    const waits = await Promise.all(pausedOf(outcomes).map((pod) => ask.over(pod, 'resume')));
    for (const wait of waits) onEnd(endOf(wait));
    throw error;
  }
  const waits = await afterwards(ask, poolers, pausedOf(outcomes));
  for (const wait of waits) onEnd(endOf(wait));
  return { result, notes: [...notesOf(outcomes), ...notesOfWaits(waits)] };
}

/** How long a pod's pause lasted, and why it ended; undefined: nobody knows. */
type Wait = { ms: number; why: string } | undefined;

async function afterwards(ask: Pooler, poolers: PoolerPause, paused: string[]): Promise<Wait[]> {
  const { refreshed } = poolers;
  const verb = { another: 'await', any: 'resume', way: undefined } as const;
  const over = verb[poolers.afterwards];
  const [waits] = await Promise.all([
    Promise.all(paused.map((pod) => (over === undefined ? Promise.resolve(undefined) : ask.over(pod, over)))),
    ask.podsOf(refreshed).then(
      (own) => Promise.all(own.map((pod) => ask.refresh(pod))),
      // It is done; connections that are not made anew end by themselves.
      () => undefined,
    ),
  ]);
  return waits;
}

/** The words are those of the image, see `images/pooler`. */
function endOf(wait: Wait): PauseEnd {
  if (wait === undefined) return { outcome: 'unknown' };
  const { ms, why } = wait;
  // A keeper that was not asked in time has ended the pause by itself, and does not know any more for how long it was.
  if (ms === 0) return { outcome: 'unknown' };
  if (why.includes('limit')) return { outcome: 'limit', ms };
  return { outcome: why.includes('did not change') ? 'unchanged' : 'another', ms };
}

function notesOfWaits(waits: Wait[]): string[] {
  const known = waits.flatMap((wait) => (wait === undefined ? [] : [wait]));
  if (known.length > 0) {
    const longest = Math.max(...known.map(({ ms }) => ms));
    const late = known.filter(({ why }) => why.includes('limit')).length;
    return [
      `${counted(known.length)} paused for ${(longest / 1000).toFixed(1)} s${late > 0 ? `, ${late} of them until the limit` : ''}`,
    ];
  }
  return waits.length > 0 ? [`${counted(waits.length)} paused until a server is back`] : [];
}

function counted(pods: number): string {
  return pods === 1 ? '1 pod of poolers was' : `${pods} pods of poolers were`;
}

function pausedOf(outcomes: Outcome[]): string[] {
  return outcomes.flatMap(({ pod, is }) => (is === 'paused' ? [pod] : []));
}

function refuseBusy(outcomes: Outcome[]): void {
  const busy = outcomes.filter((outcome) => outcome.is === 'busy');
  if (busy.length > 0) throw new PoolersBusyError(busy);
}

function notesOf(outcomes: Outcome[]): string[] {
  return outcomes.flatMap((outcome) => {
    if (outcome.is === 'untouched') return [`pooler ${outcome.pod} was not paused: ${outcome.why}`];
    if (outcome.is === 'paused' && outcome.cut > 0)
      return [`${outcome.cut} transactions through pooler ${outcome.pod} did not end and were cut`];
    return [];
  });
}

/** The command `pooler` in pods, see `images/pooler`. */
class Pooler {
  readonly #client: PodAccess;
  readonly #poolers: PoolerPause;
  readonly #id: string;

  constructor(client: PodAccess, poolers: PoolerPause, id: string) {
    this.#client = client;
    this.#poolers = poolers;
    this.#id = id;
  }

  /** Pods of these poolers. Who may not look sees none; any other trouble is thrown, before anything is done. */
  async podsOf(poolers: string[]): Promise<string[]> {
    if (poolers.length === 0) return [];
    const { namespace } = this.#poolers;
    const found = await this.#client
      .list(pods, { namespace, labelSelector: podsOfPoolers(poolers) })
      .catch(noneWhenForbidden);
    return poolers.flatMap((pooler) => pausablePods(pooler, found.items));
  }

  async pause(pod: string): Promise<Outcome> {
    const { role, limit, leaving = '-', cuts } = this.#poolers;
    const force = cuts === true ? 1 : 0;
    const words = [role, transactionsMayTake, limit, force, leaving].map(String);
    const { exitCode, said, why } = await this.#run(pod, transactionsMayTake + 10, 'pause', ...words);
    const [word, number] = said.split(' ');
    if (exitCode === busyCode) return { pod, is: 'busy', transactions: Number(number) };
    if (exitCode === 0 && word === 'paused') return { pod, is: 'paused', cut: Number(number) };
    return { pod, is: 'untouched', why: word === 'held' ? 'somebody else has paused it' : why };
  }

  async over(pod: string, verb: 'resume' | 'await'): Promise<Wait> {
    const { said } = await this.#run(pod, this.#poolers.limit + 10, verb);
    const [, ms, why] = /^resumed (\d+) (.*)$/.exec(said) ?? [];
    return ms === undefined ? undefined : { ms: Number(ms), why: why ?? '' };
  }

  async refresh(pod: string): Promise<void> {
    await this.#run(pod, 15, 'refresh', 'replica', String(refreshWithin));
  }

  /** Never throws: a pod that is gone, an image without the command, a right that is missing. */
  async #run(pod: string, seconds: number, verb: string, ...words: string[]) {
    try {
      const { exitCode, stdout, stderr } = await this.#client.exec(
        { namespace: this.#poolers.namespace, name: pod },
        {
          container: poolerContainer,
          command: ['pooler', verb, this.#id, ...words],
          signal: AbortSignal.timeout(seconds * 1000),
        },
      );
      return {
        exitCode,
        said: stdout.trim(),
        why: lastLine(stderr) || `the command \`pooler\` ended with ${exitCode}`,
      };
    } catch (error) {
      return { exitCode: -1, said: '', why: error instanceof Error ? error.message : String(error) };
    }
  }
}

function noneWhenForbidden(error: unknown): { items: Pod[] } {
  if (error instanceof ApiError && error.code === 403) return { items: [] };
  throw error;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
