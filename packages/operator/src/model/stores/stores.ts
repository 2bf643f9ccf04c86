import type { Model } from '../search.ts';

/** Members; A is primary in the beginning, and the only one whom the sync object lets take over. */
export const names = ['A', 'B'] as const;
const nobody = -1;
/** A lock that was closed for good: no member is called so. */
const closed = -2;

/** One container with Patroni and PostgreSQL. */
interface Process {
  name: number;
  alive: boolean;
  /** Which of the two stores its Patroni was told. */
  store: number;
  primary: boolean;
  /** Whether its volume has the write that a client got an answer for. */
  hasWrite: boolean;
  /** Its pod was deleted by force; the container goes on without one. */
  forgotten: boolean;
}

export interface Stores {
  processes: Process[];
  /** The leader lock of the old and of the new store. */
  locks: number[];
  /** Whether the store says who may take over. */
  knows: boolean[];
  acknowledged: boolean;
  /** What new pods are told. */
  template: number;
  wanted: boolean;
  copied: boolean;
  left: { stops: number; starts: number; forced: number; crashes: number; writes: number };
  harm: string;
}

/** How the move is made; each of these taken away does harm. */
export interface Procedure {
  /** Waits until there is no pod; otherwise the template is changed and the pods are replaced one after the other. */
  stopped: boolean;
  /** Waits until the old lock was given back. */
  free: boolean;
  /** Copies what the old store says before anybody can start with the new one. */
  copies: boolean;
  /** Closes the old lock, by compare-and-set, before the template changes. */
  closes: boolean;
}

export const asBuilt: Procedure = { stopped: true, free: true, copies: true, closes: true };

type Next = (what: string, state: Stores) => void;
type Change = (what: string, on: (after: Stores) => void) => void;

const isPrimary = ({ alive, primary }: Process) => alive && primary;
const hasPod = ({ alive, forgotten }: Process) => alive && !forgotten;

/** A cluster of two whose state moves from one store to the other, in synchronous or asynchronous mode. */
export function storesModel(procedure: Procedure, mode: 'async' | 'sync'): Model<Stores> {
  const process = (name: number): Process => ({
    name,
    alive: true,
    store: 0,
    primary: name === 0,
    hasWrite: false,
    forgotten: false,
  });
  return {
    initial: {
      processes: [process(0), process(1)],
      locks: [0, nobody],
      knows: [mode === 'sync', false],
      acknowledged: false,
      template: 0,
      wanted: true,
      copied: false,
      left: { stops: 1, starts: 2, forced: 1, crashes: 1, writes: 1 },
      harm: '',
    },
    key: (state) => JSON.stringify(state),
    steps: (state, next) => {
      const change = changer(state, next);
      patroniSteps(state, change);
      kubernetesSteps(state, procedure, change);
      operatorSteps(state, procedure, change);
    },
    wrong: ({ processes, harm }) =>
      harm !== '' ? harm : processes.filter(isPrimary).length > 1 ? 'there are two primaries' : undefined,
  };
}

function changer(state: Stores, next: Next): Change {
  return (what, on) => {
    const after: Stores = {
      ...state,
      processes: state.processes.map((process) => ({ ...process })),
      locks: [...state.locks],
      knows: [...state.knows],
      left: { ...state.left },
    };
    on(after);
    next(what, after);
  };
}

const storeNames = ['the old store', 'the new store'] as const;

function patroniSteps({ processes, locks, knows, acknowledged, left }: Stores, change: Change): void {
  for (const [index, { name, alive, store, primary, hasWrite }] of processes.entries()) {
    if (!alive) continue;
    const lock = locks[store]!;
    const who = names[name];
    // A lease of somebody who does not run as primary with this store runs out; one that was closed does not.
    const runsOut =
      lock >= 0 &&
      !processes.some((other) => isPrimary(other) && other.store === store && other.name === lock);
    const mayLead = !knows[store] || name === 0;
    if (!primary && (lock === nobody || runsOut) && lock !== name && mayLead)
      change(`${who} takes the lock in ${storeNames[store]}`, (after) => {
        after.locks[store] = name;
      });
    if (!primary && lock === name)
      change(`${who} becomes primary`, (after) => {
        after.processes[index]!.primary = true;
        // Without synchronous mode a replica may be behind, within the lag that is allowed.
        if (acknowledged && !hasWrite && knows[0]) after.harm = 'an acknowledged write is lost';
      });
    if (primary && lock !== name)
      change(`${who} is no primary any more`, (after) => {
        after.processes[index]!.primary = false;
      });
    if (primary && left.writes > 0)
      change(`${who} acknowledges a write`, (after) => {
        after.processes[index]!.hasWrite = true;
        after.acknowledged = true;
        after.left.writes -= 1;
      });
    if (!primary && !hasWrite && processes.some((other) => isPrimary(other) && other.hasWrite))
      change(`${who} has all of the primary`, (after) => {
        after.processes[index]!.hasWrite = true;
      });
  }
}

function kubernetesSteps(state: Stores, procedure: Procedure, change: Change): void {
  const { processes, locks, template, wanted, left } = state;
  if (wanted && left.stops > 0)
    change('somebody sets numberOfInstances to 0', (after) => {
      after.wanted = false;
      after.left.stops -= 1;
    });
  if (!wanted && left.starts > 0)
    change('somebody sets numberOfInstances back', (after) => {
      after.wanted = true;
      after.left.starts -= 1;
    });
  for (const [index, process] of processes.entries()) {
    const { name, alive, store, primary, forgotten } = process;
    const who = names[name];
    // The pod ends because nobody wants it, or is replaced by one that is made from the new template.
    if (
      alive &&
      !forgotten &&
      (!wanted || (store !== template && !primary) || (store !== template && !procedure.stopped))
    )
      change(`the pod ${who} ends`, (after) => {
        if (primary && locks[store] === name) after.locks[store] = nobody;
        Object.assign(after.processes[index]!, { alive: false, primary: false });
      });
    if (alive && !forgotten && left.forced > 0)
      change(`the pod ${who} is deleted by force; its container goes on`, (after) => {
        after.processes[index]!.forgotten = true;
        after.left.forced -= 1;
      });
    if (alive && left.crashes > 0)
      change(`the container of ${who} dies without a word`, (after) => {
        Object.assign(after.processes[index]!, { alive: false, primary: false, forgotten: false });
        after.left.crashes -= 1;
      });
    if (alive && forgotten)
      change(`the forgotten container of ${who} ends`, (after) => {
        Object.assign(after.processes[index]!, { alive: false, primary: false, forgotten: false });
      });
    if (!alive && wanted)
      change(`the pod ${who} starts with ${storeNames[template]}`, (after) => {
        Object.assign(after.processes[index]!, { alive: true, store: template });
      });
  }
}

function operatorSteps(
  { processes, locks, template, copied, wanted }: Stores,
  procedure: Procedure,
  change: Change,
): void {
  if (template === 1) return;
  const isStopped = !wanted && !processes.some(hasPod);
  const isReady = !procedure.stopped || (isStopped && (!procedure.free || locks[0] === nobody));
  if (procedure.copies && !copied && isReady)
    change('the operator copies the state into the new store', (after) => {
      after.knows[1] = after.knows[0]!;
      after.copied = true;
    });
  const isCopied = copied || !procedure.copies;
  // Compare-and-set: the lock has the version that was found free, or was not looked at.
  if (procedure.closes && isCopied && isReady && locks[0] !== closed)
    change('the operator closes the old lock', (after) => {
      after.locks[0] = closed;
    });
  if (isCopied && (procedure.closes ? locks[0] === closed : isReady || copied))
    change('new pods are told the new store', (after) => {
      after.template = 1;
    });
}
