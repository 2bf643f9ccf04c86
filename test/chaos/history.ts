/** Which server answered, by its own account. */
export interface Server {
  /** Address of the pod. */
  address: string;
  /** Timeline that it wrote on. */
  timeline: number;
}

/** One insert of one row into a table that only this client writes to. Times in milliseconds of one monotonic clock. */
export interface Write {
  client: string;
  n: number;
  startedAt: number;
  endedAt: number;
  /** `unknown`: no answer came, so it may or may not have been done. `refused`: the server said that it was not done. */
  outcome: 'acknowledged' | 'refused' | 'unknown';
  /** Who acknowledged it. */
  server?: Server;
}

/** One look at the newest rows of a client's table, on a server that said it is a primary. */
export interface Read {
  /** Whose table. */
  of: string;
  startedAt: number;
  endedAt: number;
  /** Rows that it saw, not older than `from`. */
  seen: number[];
  from: number;
}

/** All that the clients of one run did and saw, and what was there at the end. */
export interface History {
  writes: Write[];
  reads: Read[];
  /** Rows of each client's table when everything had settled. */
  rows: Record<string, number[]>;
}
