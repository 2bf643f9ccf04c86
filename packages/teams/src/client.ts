import { networkExchange, type Answer, type Exchange } from './exchange.ts';
import { readMembership, unknownTeam, type Membership } from './membership.ts';
import { TeamsError } from './teams-error.ts';

/** Where the Teams API is, and how long to wait for it. */
export interface TeamsClientOptions {
  /** Without `/teams/NAME`; with or without a slash at the end. */
  url: string;
  /** For one answer. Default: 10 s. */
  timeoutMs?: number;
  /** Default: the network. */
  exchange?: Exchange;
}

/** Asks a Teams API who is in which team. */
export interface TeamsClient {
  /** `token` is sent as `Bearer`. Throws `TeamsError` when nobody can tell. */
  membership(team: string, token: string): Promise<Membership>;
}

/** The list of a very large team is far smaller. */
const largestBytes = 2 * 1024 * 1024;

const mostRedirections = 5;

/** The client of one Teams API; keeps nothing but connections. */
export function teamsClient(options: TeamsClientOptions): TeamsClient {
  const { timeoutMs = 10_000, exchange = networkExchange() } = options;
  return {
    async membership(team, token) {
      const first = urlOf(options.url, team);
      const headers = { authorization: `Bearer ${fitToken(token)}`, accept: 'application/json' };
      let url = first;
      for (let redirections = 0; ; redirections++) {
        const asked = nameOf(url);
        const answer = await exchange(url, { headers, timeoutMs, largestBytes }).catch((error: unknown) => {
          throw withPlace(error, asked);
        });
        if (!isRedirection(answer)) return membershipOf(answer, asked);
        if (redirections === mostRedirections)
          throw new TeamsError('refused', `${asked}: it redirects more than ${mostRedirections} times`);
        url = redirectedTo(answer, url);
      }
    },
  };
}

function urlOf(base: string, team: string): URL {
  // A URL would take these for steps upwards.
  if (team === '' || team === '.' || team === '..')
    throw new TeamsError('refused', `the Teams API cannot be asked for a team called "${team}"`);
  return new URL(`${base.replace(/\/+$/, '')}/teams/${encodeURIComponent(team)}`);
}

/** What ends a file is no part of a token. */
function fitToken(token: string): string {
  const fit = token.trim();
  if (/^[\x21-\x7e]+$/.test(fit)) return fit;
  throw new TeamsError('unauthorized', 'the token is empty, or has characters that cannot be sent');
}

/** Without user, password and parameters. */
function nameOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function withPlace(error: unknown, asked: string): unknown {
  if (!(error instanceof TeamsError)) return error;
  return new TeamsError(error.failure, `${asked}: ${error.message}`, { cause: error });
}

function isRedirection({ status, location }: Answer): boolean {
  return [301, 302, 303, 307, 308].includes(status) && location !== undefined;
}

/** Within the same server only: nobody else gets the token. */
function redirectedTo({ location = '' }: Answer, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.origin === from.origin) return to;
  const where = to === undefined ? 'to what is no URL' : `to ${to.origin}`;
  throw new TeamsError(
    'refused',
    `${nameOf(from)}: it redirects ${where}, where the token is not sent; correct teams_api_url`,
  );
}

function membershipOf({ status, body }: Answer, asked: string): Membership {
  if (status === 404) return unknownTeam;
  if (status === 401 || status === 403)
    throw new TeamsError(
      'unauthorized',
      `${asked}: the answer is ${status}; the token of oauth_token_secret_name is not accepted`,
    );
  if (status < 200 || status > 299) throw new TeamsError('refused', `${asked}: the answer is ${status}`);
  return readMembership(body, asked);
}
