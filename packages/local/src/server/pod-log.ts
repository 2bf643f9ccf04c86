import type { IncomingMessage } from 'node:http';
import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import { badRequest } from '../registry/errors.ts';
import type { LogOptions } from '../node/node-proxy.ts';
import { flag, integer } from './query.ts';
import type { Answer } from './respond.ts';
import type { ApiServerOptions } from './server-options.ts';

interface PodSpec {
  nodeName?: string;
  containers?: { name: string }[];
  initContainers?: { name: string }[];
}

/** The container that a request means: the named one, or the only one. Throws 400 otherwise. */
export function containerOf(pod: KubeObject, wanted: string | null): string {
  const spec = (pod['spec'] ?? {}) as PodSpec;
  const names = (spec.containers ?? []).map((c) => c.name);
  const init = (spec.initContainers ?? []).map((c) => c.name);
  const podName = pod.metadata.name ?? '';
  if (wanted) {
    if ([...names, ...init].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
  }
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const hint = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]${hint}`,
  );
}

function logOptions(query: URLSearchParams, container: string): LogOptions {
  const options: LogOptions = { container };
  for (const name of ['follow', 'previous', 'timestamps'] as const) {
    if (flag(query, name)) options[name] = true;
  }
  for (const name of ['tailLines', 'sinceSeconds', 'limitBytes'] as const) {
    const value = integer(query, name);
    if (value === undefined) continue;
    if (value < (name === 'tailLines' ? 0 : 1)) throw badRequest(`${name} must be greater than 0`);
    options[name] = value;
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime) options.sinceTime = sinceTime;
  return options;
}

/** Streams `GET pods/NAME/log`. */
export async function streamLog(
  options: ApiServerOptions,
  pod: KubeObject,
  query: URLSearchParams,
  request: IncomingMessage,
  answer: Answer,
): Promise<void> {
  const { response } = answer;
  const log = logOptions(query, containerOf(pod, query.get('container')));
  if (!(pod['spec'] as PodSpec).nodeName) {
    answer.sendText(200, 'text/plain', '');
    return;
  }
  const { nodeProxy } = options;
  if (!nodeProxy)
    throw new ApiError(503, 'ServiceUnavailable', 'no node agent runs', { retryAfterSeconds: 1 });
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const { name = '', namespace = '' } = pod.metadata;
  const chunks = nodeProxy.logs(namespace, name, log, abort.signal)[Symbol.asyncIterator]();
  // The first chunk decides between an error and a stream; a quiet followed log still begins at once.
  const head = chunks.next();
  const begun = new Promise<'quiet'>((resolve) => setTimeout(() => resolve('quiet'), 200).unref());
  const outcome = log.follow ? await Promise.race([head, begun]) : await head;
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  request.socket.setKeepAlive(true, 30_000);
  try {
    for (let next = outcome === 'quiet' ? await head : outcome; !next.done; next = await chunks.next()) {
      if (abort.signal.aborted) break;
      if (!response.write(next.value)) await drained(response, abort.signal);
    }
  } finally {
    await chunks.return?.();
    response.end();
  }
}

function drained(response: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
