import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import type { Container, Probe } from '@pgherd/kube/objects';
import type { Engine } from '../engine/engine.ts';
import { execInContainer } from './exec.ts';

/** What a probe or hook does: exactly one of these. Only hooks sleep. */
export type Action = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket'> & { sleep?: { seconds: number } };

/** Where it is done. */
export interface ActionTarget {
  engine: Engine;
  container: Container;
  containerId: string;
  podIp: string;
  /** The address that connections come from; default: the machine's choice. */
  from?: () => string | undefined;
}

export interface Outcome {
  ok: boolean;
  /** For people, in kubelet's words. */
  message: string;
}

/** A reply body is read up to here, as kubelet does. */
const MAX_BODY = 10 * 1024;

/** Does it once. Never throws; running out of time is a failure. */
export async function perform(action: Action, target: ActionTarget, timeoutMs: number): Promise<Outcome> {
  try {
    if (action.exec) return await runCommand(action.exec.command ?? [], target, timeoutMs);
    if (action.httpGet) return await getHttp(action.httpGet, target, timeoutMs);
    if (action.tcpSocket) return await openSocket(action.tcpSocket, target, timeoutMs);
    if (action.sleep) return await sleep(action.sleep.seconds * 1000, timeoutMs);
    return { ok: false, message: 'it has no action that is served here' };
  } catch (error) {
    return { ok: false, message: (error as Error).message };
  }
}

function sleep(ms: number, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    setTimeout(
      () => resolve({ ok: ms <= timeoutMs, message: 'the sleep was cut short' }),
      Math.min(ms, timeoutMs),
    ).unref();
  });
}

async function runCommand(command: string[], target: ActionTarget, timeoutMs: number): Promise<Outcome> {
  let output = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (output.length < MAX_BODY) output += chunk.toString();
      done();
    },
  });
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new TimeoutError(command, timeoutMs)), timeoutMs);
  try {
    const code = await execInContainer(target.engine, target.containerId, {
      command,
      stdout: sink,
      stderr: sink,
      signal: abort.signal,
    });
    return { ok: code === 0, message: output };
  } finally {
    clearTimeout(timer);
  }
}

class TimeoutError extends Error {
  constructor(command: string[], timeoutMs: number) {
    super(`command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`);
  }
}

function localAddress({ from }: ActionTarget): { localAddress?: string } {
  const address = from?.();
  return address === undefined ? {} : { localAddress: address };
}

/** A port by number or by the name of one of the container's ports. */
function portOf(port: string | number, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number)) return number;
  const found = container.ports?.find((each) => each.name === port);
  if (found === undefined) throw new Error(`couldn't find port: ${port} in container ${container.name}`);
  return found.containerPort;
}

function getHttp(
  get: NonNullable<Probe['httpGet']>,
  target: ActionTarget,
  timeoutMs: number,
): Promise<Outcome> {
  const host = get.host || target.podIp;
  const port = portOf(get.port, target.container);
  const secure = (get.scheme ?? 'HTTP') === 'HTTPS';
  const path = get.path?.startsWith('/') ? get.path : `/${get.path ?? ''}`;
  const url = `${secure ? 'https' : 'http'}://${host}:${port}${path}`;
  const headers: Record<string, string> = {
    'User-Agent': 'kube-probe/1.30',
    Accept: '*/*',
    Connection: 'close',
  };
  for (const { name, value } of get.httpHeaders ?? []) headers[name] = value;
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message: `Get "${url}": ${message}` });
    // A probe asks whether the server answers, not who it is: certificates are not verified.
    const options = {
      host,
      port,
      path,
      method: 'GET',
      headers,
      rejectUnauthorized: false,
      agent: false as const,
      ...localAddress(target),
    };
    const call = (secure ? httpsRequest : httpRequest)(options);
    const timer = setTimeout(() => {
      fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
      call.destroy();
    }, timeoutMs);
    call.once('error', (error: NodeJS.ErrnoException) => fail(dialError(error, host, port)));
    call.once('response', (response) => {
      const code = response.statusCode ?? 0;
      resolve({ ok: code >= 200 && code < 400, message: `HTTP probe failed with statuscode: ${code}` });
      response.destroy();
    });
    call.once('close', () => clearTimeout(timer));
    call.end();
  });
}

function openSocket(
  tcp: NonNullable<Probe['tcpSocket']>,
  target: ActionTarget,
  timeoutMs: number,
): Promise<Outcome> {
  const host = tcp.host || target.podIp;
  const port = portOf(tcp.port, target.container);
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...localAddress(target) });
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () => end({ ok: false, message: `dial tcp ${host}:${port}: i/o timeout` }),
      timeoutMs,
    );
    socket.once('connect', () => end({ ok: true, message: '' }));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end({ ok: false, message: dialError(error, host, port) }),
    );
  });
}

/** Node's connection errors in the words that users of Kubernetes know. */
function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
  };
  const known = words[error.code ?? ''];
  if (known !== undefined) return `dial tcp ${host}:${port}: ${known}`;
  return error.code === 'ECONNRESET' ? 'EOF' : error.message;
}
