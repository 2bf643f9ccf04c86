import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A token-info server for tests, with a certificate of an authority of its own. */
export interface TokenInfoServer {
  /** What a token is appended to. */
  url: string;
  /** PEM file of the authority. */
  caFile: string;
  /** Tokens that were asked about, in order. */
  asked: string[];
  stop(): Promise<void>;
}

/** Answers one question. What is thrown is status 500. */
export type Answer = (token: string, response: ServerResponse) => void;

/** Says who a token belongs to, as Zalando's server does; everything else is refused. */
export const answerFor =
  (tokens: Record<string, object>): Answer =>
  (token, response) => {
    const fields = Object.hasOwn(tokens, token) ? tokens[token] : undefined;
    response.statusCode = fields === undefined ? 400 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(fields ?? { error: 'invalid_token' }));
  };

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** Writes `ca.crt`, `tls.crt` and `tls.key` to `directory`. */
function makeCertificates(directory: string, address: string): void {
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', ['req', '-x509', ...newKey, ...args], { cwd: directory, stdio: 'pipe' });
  openssl('-subj', '/CN=token-info-ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', `subjectAltName=IP:${address}`];
  openssl('-subj', '/CN=token-info', ...signer, '-keyout', 'tls.key', '-out', 'tls.crt');
}

/** Starts one. `address`: where it is reached; it listens there only. */
export async function startTokenInfoServer(answer: Answer, address = '127.0.0.1'): Promise<TokenInfoServer> {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-token-info-'));
  makeCertificates(directory, address);
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const asked: string[] = [];
  const server = createServer(
    { cert: read('tls.crt'), key: read('tls.key'), maxHeaderSize: 64 * 1024 },
    (request, response) => {
      const token = new URL(request.url ?? '', 'https://localhost').searchParams.get('access_token') ?? '';
      asked.push(token);
      try {
        answer(token, response);
      } catch {
        response.writeHead(500).end();
      }
    },
  );
  await new Promise<void>((listening) => server.listen(0, address, listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${address}:${port}/oauth2/tokeninfo?access_token=`,
    caFile: join(directory, 'ca.crt'),
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
