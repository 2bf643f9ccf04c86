import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../auth/atomic-file.ts';
import type { Cuts } from '../network/cuts.ts';

/** How long a node may be silent before it counts as lost, seconds: Kubernetes' default. */
export const DEFAULT_GRACE_SECONDS = 40;

/** What was done to a node, beside what it is. */
export interface NodeState {
  /** As with power off: neither its agent nor its containers run. */
  isOff: boolean;
  cuts: Cuts;
}

interface Content {
  graceSeconds?: number;
  statusDelayMs?: number;
  nodes?: Record<string, NodeState>;
}

/** What was done to the nodes of an instance, in `nodes.json` of its home: it outlives the server, as the cuts do in the kernel. */
export class NodeStates {
  readonly #file: string;
  #content: Content;

  constructor(home: string) {
    this.#file = join(home, 'nodes.json');
    this.#content = read(this.#file);
  }

  /** How long a node may be silent, milliseconds. */
  get graceMs(): number {
    return (this.#content.graceSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
  }

  /** How late nodes tell of what happened to their pods, milliseconds. */
  get statusDelayMs(): number {
    return this.#content.statusDelayMs ?? 0;
  }

  setStatusDelay(statusDelayMs: number): void {
    this.#write({ ...this.#content, statusDelayMs });
  }

  setGrace(seconds: number): void {
    this.#write({ ...this.#content, graceSeconds: seconds });
  }

  of(name: string): NodeState {
    return this.#content.nodes?.[name] ?? { isOff: false, cuts: {} };
  }

  set(name: string, state: NodeState): void {
    this.#write({ ...this.#content, nodes: { ...this.#content.nodes, [name]: state } });
  }

  forget(name: string): void {
    const { [name]: _, ...nodes } = this.#content.nodes ?? {};
    this.#write({ ...this.#content, nodes });
  }

  #write(content: Content): void {
    writeFileAtomic(this.#file, `${JSON.stringify(content, null, 2)}\n`);
    this.#content = content;
  }
}

/** Throws when the file is there and cannot be understood. */
function read(file: string): Content {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Content;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: not valid JSON (${why}). Remove it: all nodes are on and nothing is cut then`, {
      cause: error,
    });
  }
}
