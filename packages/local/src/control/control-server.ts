import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { cutTargets, directions, type CutTarget, type Direction } from '../network/cuts.ts';
import type { LocalNodes } from '../nodes/local-nodes.ts';
import { NodeError } from '../nodes/node-error.ts';
import type { NodeStates } from '../nodes/node-states.ts';

/** Where the command line reaches the server for what is not Kubernetes' business. Only the home's owner can. */
export function controlSocket(home: string): string {
  return join(home, 'run', 'nodes.sock');
}

/** What can be asked. */
export interface NodesRequest {
  count?: number;
  zones?: string[];
  graceSeconds?: number;
  statusDelayMs?: number;
}

export interface ControlServer {
  stop(): Promise<void>;
}

/**
 * Serves JSON over HTTP on a Unix socket: `GET` and `PUT /nodes`, `POST /nodes/NAME/cut|heal|stop|start`, `DELETE
 * /nodes/NAME`. An answer comes when the thing is done; a failure is `{error}`.
 */
export async function startControl(
  home: string,
  nodes: LocalNodes,
  states: NodeStates,
): Promise<ControlServer> {
  const path = controlSocket(home);
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    void handle(request, nodes, states)
      .then(
        (body) => ({ code: 200, body }),
        (error: unknown) => ({
          code: error instanceof NodeError ? error.code : 500,
          body: { error: error instanceof Error ? error.message : String(error) },
        }),
      )
      .then(({ code, body }) => {
        response.writeHead(code, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(body));
      });
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      done();
    });
  });
  chmodSync(path, 0o600);
  return {
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, nodes: LocalNodes, states: NodeStates): Promise<unknown> {
  const [, top, name, verb] = (request.url ?? '').split('/').map(decodeURIComponent);
  const body = request.method === 'GET' || request.method === 'DELETE' ? {} : await bodyOf(request);
  const what = `${request.method} ${name === undefined ? '' : 'NAME'}${verb === undefined ? '' : `/${verb}`}`;
  if (top !== 'nodes') throw new NodeError(404, `there is no ${request.url}`);
  switch (what) {
    case 'GET ':
      return nodes.list();
    case 'PUT ':
      return { added: await change(body, nodes, states) };
    case 'POST NAME/cut':
      return nodes.cut(name ?? '', targetOf(body), directionOf(body)).then(() => nodes.list());
    case 'POST NAME/heal':
      return nodes.heal(name ?? '').then(() => nodes.list());
    case 'POST NAME/stop':
      return nodes.powerOff(name ?? '').then(() => nodes.list());
    case 'POST NAME/start':
      return nodes.powerOn(name ?? '').then(() => nodes.list());
    case 'DELETE NAME':
      return nodes.remove(name ?? '').then(() => nodes.list());
    default:
      throw new NodeError(404, `there is no ${request.method} ${request.url}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<object> {
  try {
    const body = await json(request);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Told below.
  }
  throw new NodeError(400, 'the body is no JSON object');
}

async function change(wanted: NodesRequest, nodes: LocalNodes, states: NodeStates): Promise<string[]> {
  const { count, zones, graceSeconds, statusDelayMs } = wanted;
  for (const [name, value, least] of [
    ['count', count, 1],
    ['graceSeconds', graceSeconds, 1],
    ['statusDelayMs', statusDelayMs, 0],
  ] as const) {
    if (value === undefined || (Number.isInteger(value) && value >= least)) continue;
    throw new NodeError(400, `${name} ${String(value)}: give a whole number from ${least}`);
  }
  if (graceSeconds !== undefined) states.setGrace(graceSeconds);
  if (statusDelayMs !== undefined) states.setStatusDelay(statusDelayMs);
  if (count === undefined && zones === undefined) return [];
  return nodes.ensure({
    count: count ?? nodes.list().length,
    ...(zones === undefined ? {} : { zones }),
  });
}

function targetOf(body: object): CutTarget {
  const { from = 'all' } = body as { from?: string };
  const found = cutTargets.find((each) => each === from);
  if (found === undefined)
    throw new NodeError(400, `cut off from ${from}: give one of ${cutTargets.join(', ')}`);
  return found;
}

function directionOf(body: object): Direction {
  const { direction = 'both' } = body as { direction?: string };
  const found = directions.find((each) => each === direction);
  if (found === undefined)
    throw new NodeError(400, `direction ${direction}: give one of ${directions.join(', ')}`);
  return found;
}
