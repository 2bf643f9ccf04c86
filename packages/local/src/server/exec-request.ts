import type { Readable, Writable } from 'node:stream';
import type { KubeObject, Status } from '@pgherd/kube/objects';
import type { NodeProxy } from '../node/node-proxy.ts';
import { badRequest } from '../registry/errors.ts';
import { exitStatus, failureStatus } from './command-status.ts';
import { containerOf } from './pod-log.ts';
import { flag } from './query.ts';

/** What `pods/NAME/exec` or `pods/NAME/attach` asks for. */
export interface CommandRequest {
  /** Undefined: attach to the container's own process. */
  command: string[] | undefined;
  container: string;
  tty: boolean;
  /** Streams that the client wants. */
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** The streams of one command, over whatever protocol. */
export interface CommandStreams {
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  onResize: (listener: (columns: number, rows: number) => void) => void;
  /** Fires when the client is gone. */
  signal: AbortSignal;
}

/** @throws ApiError 400 */
export function parseCommandRequest(
  pod: KubeObject,
  subresource: 'exec' | 'attach',
  query: URLSearchParams,
): CommandRequest {
  const container = containerOf(pod, query.get('container'));
  const command = subresource === 'exec' ? query.getAll('command') : undefined;
  if (command?.length === 0) throw badRequest('you must specify at least 1 command for the container');
  const wanted = {
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    stderr: flag(query, 'stderr'),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest('you must specify at least one of stdin, stdout, stderr');
  }
  const tty = flag(query, 'tty');
  // A terminal has one output.
  return { command, container, tty, ...wanted, stderr: wanted.stderr && !tty };
}

/** Runs it to its end, and answers how that is told to the client. Never throws. */
export async function runCommand(
  nodeProxy: NodeProxy,
  pod: KubeObject,
  { command, container, tty }: CommandRequest,
  streams: CommandStreams,
): Promise<Partial<Status>> {
  const { name = '', namespace = '' } = pod.metadata;
  try {
    if (command === undefined) {
      await nodeProxy.attach(namespace, name, { container, ...streams });
      return exitStatus(0);
    }
    return exitStatus(await nodeProxy.exec(namespace, name, { container, command, tty, ...streams }));
  } catch (error) {
    return failureStatus(error);
  }
}

/** A terminal's size as clients send it. */
export function parseSize(bytes: Buffer): { Width: number; Height: number } | undefined {
  try {
    const size = JSON.parse(bytes.toString('utf8')) as { Width?: unknown; Height?: unknown };
    if (typeof size.Width === 'number' && typeof size.Height === 'number') {
      return { Width: size.Width, Height: size.Height };
    }
  } catch {
    // A size that cannot be read changes nothing.
  }
  return undefined;
}
