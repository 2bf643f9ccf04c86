import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Teams } from './teams-file.ts';

export { readTeamsFile, type Teams } from './teams-file.ts';

/** How to play a Teams API. */
export interface FakeTeamsApiOptions {
  /**
   * Asked at every request, for a team, so that a change is answered with at once. May throw: the answer is 500 then.
   */
  teams: (team: string) => Teams;
  /** The only token that is let in. Absent: anyone is. Asked at every request. */
  token?: () => string;
  /** Address to listen on; default 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. */
  port: number;
  /** Certificate and key in PEM, to speak HTTPS. */
  tls?: { cert: string; key: string };
  /** Told of each answer: method and path, and its status. Never of the token. */
  onAnswer?: (request: string, status: number) => void;
}

/** A running one. */
export interface FakeTeamsApi {
  port: number;
  /** Fit for `teams_api_url`. */
  url: string;
  stop(): Promise<void>;
}

/** Where a server that plays a Teams API is asked for a team; anything may be before it. */
const teamPath = /\/teams\/([^/]+)$/;

/**
 * Plays a Teams API, for tests and demonstrations: `GET /teams/NAME` answers with the members of a team, `GET /health`
 * with 200 to anyone.
 */
export async function startFakeTeamsApi(options: FakeTeamsApiOptions): Promise<FakeTeamsApi> {
  const { host = '127.0.0.1', port, tls, onAnswer } = options;
  const listener: RequestListener = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    const { status, body } = answer(options, pathname, request.headers.authorization);
    onAnswer?.(`${request.method ?? ''} ${pathname}`, status);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    port: actual,
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${actual}/`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  { teams, token }: FakeTeamsApiOptions,
  pathname: string,
  authorization: string | undefined,
): { status: number; body: object } {
  try {
    if (pathname === '/health') return { status: 200, body: {} };
    if (token !== undefined && authorization !== `Bearer ${token().trim()}`)
      return { status: 401, body: { title: 'wrong token' } };
    const team = decodeURIComponent(teamPath.exec(pathname)?.[1] ?? '');
    const all = teams(team);
    const member = Object.hasOwn(all, team) ? all[team] : undefined;
    if (member === undefined) return { status: 404, body: { title: 'no such team' } };
    return {
      status: 200,
      body: { id: team, team_id: team, id_name: team, name: team, type: 'official', member },
    };
  } catch (error) {
    return { status: 500, body: { title: (error as Error).message } };
  }
}
