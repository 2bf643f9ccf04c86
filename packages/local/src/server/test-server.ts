import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@pgherd/kube/objects';
import {
  createAuthenticator,
  createAuthorizer,
  createTokenIssuer,
  ensureBootstrapPolicy,
  ensurePki,
} from '../auth/index.ts';
import { openRegistry, type LocalRegistry } from '../registry/index.ts';
import { createApiServer } from './index.ts';

export interface TestReply {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** An API server with state in memory, asked by the administrator. Only for tests. */
export interface TestServer {
  registry: LocalRegistry;
  /** Sends one request and reads the whole answer. */
  send(method: string, path: string, body?: string | Buffer, contentType?: string): Promise<TestReply>;
  /** Sends one request and leaves the answer unread. */
  open(path: string): Promise<IncomingMessage>;
  /** Texts of the errors that the server told its log. */
  errors: string[];
  close(): Promise<void>;
}

export async function startTestServer(): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-server-'));
  const pki = await ensurePki(directory, { ips: ['127.0.0.1'], dnsNames: [], clock: systemClock });
  const registry = openRegistry({ path: ':memory:' });
  ensureBootstrapPolicy(registry);
  const accounts = { group: '', version: 'v1', plural: 'serviceaccounts' };
  registry.create(accounts, 'default', { metadata: { name: 'default' } });
  const security = { registry, clock: systemClock, serviceAccountKey: pki.serviceAccountKey };
  const errors: string[] = [];
  const server = createApiServer({
    registry,
    tokenIssuer: createTokenIssuer(security),
    authenticator: createAuthenticator(security),
    authorizer: createAuthorizer(registry),
    tls: { cert: pki.server.certificate, key: pki.server.key, ca: pki.caCertificate },
    log: {
      info: () => {},
      warn: () => {},
      error: (fields) => errors.push('err' in fields ? String((fields.err as Error).stack) : ''),
    },
  });
  const { port } = await server.listen('127.0.0.1', 0);
  const agent = new Agent({
    ca: pki.caCertificate,
    cert: pki.admin.certificate,
    key: pki.admin.key,
    keepAlive: true,
  });
  const ask = (
    method: string,
    path: string,
    body?: string | Buffer,
    contentType?: string,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
      const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  return {
    registry,
    errors,
    open: (path) => ask('GET', path),
    async send(method, path, body, contentType) {
      const response = await ask(method, path, body, contentType);
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString('utf8');
      return { code: response.statusCode ?? 0, headers: response.headers, text };
    },
    async close() {
      agent.destroy();
      await server.close();
      registry.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
