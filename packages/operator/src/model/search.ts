/** A finite model: where it starts, what can happen next, what must never be. */
export interface Model<State> {
  initial: State;
  /** Two states with the same key are the same state. */
  key: (state: State) => string;
  /** Calls `next` for everything that can happen in `state`, which it must not change. */
  steps: (state: State, next: (what: string, state: State) => void) => void;
  /** What is wrong with this state; undefined when nothing is. */
  wrong: (state: State) => string | undefined;
}

/** How far a search goes. */
export interface Limits {
  /** Most steps from the start. */
  depth: number;
  /** Most states that are looked at. */
  states: number;
}

/** What a search found. */
export interface Result {
  states: number;
  transitions: number;
  /** Steps from the start to the farthest state that was looked at. */
  depth: number;
  /** Whether every state that can be reached was looked at. */
  complete: boolean;
  /** The shortest way to a state that must not be. */
  counterexample?: { wrong: string; story: string[] };
}

/**
 * Looks at every state that can be reached, nearest first, so that a counterexample has as few steps as one can have.
 * Stops at the first one.
 */
export function search<State>(model: Model<State>, limits: Limits): Result {
  const { initial, key, steps, wrong } = model;
  const seen = new Set<string>([key(initial)]);
  const parents: number[] = [-1];
  const labels: string[] = [''];
  const result: Result = { states: 1, transitions: 0, depth: 0, complete: true };
  const firstWrong = wrong(initial);
  if (firstWrong !== undefined) return { ...result, counterexample: { wrong: firstWrong, story: [] } };
  let frontier: { state: State; index: number }[] = [{ state: initial, index: 0 }];
  while (frontier.length > 0 && result.depth < limits.depth && seen.size < limits.states) {
    const found: typeof frontier = [];
    for (const { state, index } of frontier) {
      if (result.counterexample !== undefined) return { ...result, complete: false };
      if (seen.size >= limits.states) break;
      steps(state, (what, next) => {
        result.transitions += 1;
        const nextKey = key(next);
        if (result.counterexample !== undefined || seen.has(nextKey)) return;
        seen.add(nextKey);
        parents.push(index);
        labels.push(what);
        result.states = seen.size;
        const reason = wrong(next);
        if (reason !== undefined)
          result.counterexample = { wrong: reason, story: story(parents, labels, parents.length - 1) };
        found.push({ state: next, index: parents.length - 1 });
      });
    }
    if (found.length > 0) result.depth += 1;
    frontier = found;
    if (result.counterexample !== undefined) return { ...result, complete: false };
    if (seen.size >= limits.states) return { ...result, complete: false };
  }
  return { ...result, complete: frontier.length === 0 };
}

function story(parents: readonly number[], labels: readonly string[], last: number): string[] {
  const lines: string[] = [];
  for (let at = last; at > 0; at = parents[at] ?? 0) lines.unshift(labels[at] ?? '');
  return lines;
}
