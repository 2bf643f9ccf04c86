import type { Duplex, Readable, Writable } from 'node:stream';

/** Parameters of `GET pods/NAME/log`. */
export interface LogOptions {
  container?: string;
  follow?: boolean;
  previous?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  sinceTime?: string;
  limitBytes?: number;
}

/** Parameters of `pods/NAME/exec`. */
export interface ExecOptions {
  container?: string;
  command: string[];
  tty: boolean;
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  /** Terminal sizes, as they change. */
  onResize?: (listener: (columns: number, rows: number) => void) => void;
  signal: AbortSignal;
}

/** Parameters of `pods/NAME/attach`. */
export type AttachOptions = Omit<ExecOptions, 'command' | 'tty'>;

/** What the API server asks of the node that runs a pod. Failures are `ApiError`s (404, 400, 503). */
export interface NodeProxy {
  /** Log bytes as they come; ends at the end of the log, or of the container when following. */
  logs(namespace: string, pod: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Runs to its end and answers the exit code. */
  exec(namespace: string, pod: string, options: ExecOptions): Promise<number>;
  /** Joins with the container's own process until either side ends. */
  attach(namespace: string, pod: string, options: AttachOptions): Promise<void>;
  /** A connection to a port of the pod's loopback; its failures come from the connection itself. */
  connect(namespace: string, pod: string, port: number, signal: AbortSignal): Promise<Duplex>;
}
