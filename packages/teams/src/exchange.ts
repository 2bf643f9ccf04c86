import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { TeamsError } from './teams-error.ts';

/** An answer, whatever it says. */
export interface Answer {
  status: number;
  /** Where a redirection leads to. */
  location: string | undefined;
  body: string;
}

/** How to ask. */
export interface ExchangeOptions {
  headers: Record<string, string>;
  /** For the whole exchange. */
  timeoutMs: number;
  /** More than this is not an answer of a Teams API. */
  largestBytes: number;
}

/** Asks once, without following redirections. */
export type Exchange = (url: URL, options: ExchangeOptions) => Promise<Answer>;

/**
 * `Exchange` over the network. Servers are trusted that Node's, the system's and `NODE_EXTRA_CA_CERTS`' authorities
 * vouch for; `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are heeded.
 */
export function networkExchange(environment: NodeJS.ProcessEnv = process.env): Exchange {
  const proxyEnv = environment;
  let https: HttpsAgent | undefined;
  const http = new HttpAgent({ proxyEnv });
  return (url, options) => {
    const isTls = url.protocol === 'https:';
    if (isTls) https ??= new HttpsAgent({ proxyEnv, ca: authorities() });
    const agent = isTls ? https : http;
    return exchange(isTls ? httpsRequest : httpRequest, url, agent, options);
  };
}

function authorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function exchange(
  send: typeof httpRequest,
  url: URL,
  agent: HttpAgent | undefined,
  { headers, timeoutMs, largestBytes }: ExchangeOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: Error): void =>
      reject(
        error instanceof TeamsError
          ? error
          : new TeamsError('unreachable', describe(error, timeoutMs), { cause: error }),
      );
    const outgoing = send(url, { agent, headers, signal, method: 'GET' });
    outgoing.on('error', fail);
    outgoing.on('response', (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > largestBytes)
          incoming.destroy(new TeamsError('garbled', `the answer has more than ${largestBytes} bytes`));
      });
      incoming.on('error', fail);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          location: incoming.headers.location,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.end();
  });
}

function describe(error: Error, timeoutMs: number): string {
  const { code, message, errors } = error as { code?: string; message: string; errors?: Error[] };
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  // node:net puts one error for each address into an AggregateError whose own message is empty.
  const what = message === '' ? (errors ?? []).map((each) => each.message).join(', ') : message;
  const isTrust = /CERT|SELF_SIGNED|UNABLE_TO/.test(code ?? '');
  return isTrust ? `${what}; name the authority in NODE_EXTRA_CA_CERTS if the server is the right one` : what;
}
