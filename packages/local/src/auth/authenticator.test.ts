import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import type { RequestOptions, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pods, serviceAccounts, systemClock } from '@pgherd/kube/objects';
import type { KubeObject } from '@pgherd/kube/objects';
import { openRegistry } from '../registry/open-registry.ts';
import type { LocalRegistry } from '../registry/open-registry.ts';
import type { User } from '../registry/registry.ts';
import type { Authenticator, TokenIssuer } from './auth.ts';
import { createAuthenticator, reviewToken } from './authenticator.ts';
import { issueAuthority, issueLeaf } from '@pgherd/kube/certificates';
import { ensurePki } from './pki.ts';
import type { Pki } from './pki.ts';
import { createTokenIssuer } from './token-issuer.ts';

let directory: string;
let registry: LocalRegistry;
let pki: Pki;
let authenticator: Authenticator;
let issuer: TokenIssuer;
/** Seconds that the clock is ahead. */
let ahead: number;
beforeEach(async () => {
  ahead = 0;
  directory = mkdtempSync(join(tmpdir(), 'pgherd-auth-'));
  registry = openRegistry({ path: ':memory:' });
  pki = await ensurePki(directory, { ips: ['127.0.0.1'], dnsNames: ['localhost'], clock: systemClock });
  const clock = { ...systemClock, now: () => Date.now() + ahead * 1000 };
  const options = { registry, clock, serviceAccountKey: pki.serviceAccountKey };
  authenticator = createAuthenticator(options);
  issuer = createTokenIssuer(options);
});
afterEach(() => {
  registry.close();
  rmSync(directory, { recursive: true, force: true });
});

const account = (name: string): KubeObject =>
  registry.create(serviceAccounts, 'default', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'default' },
  });
const issue = (rest: Partial<Parameters<TokenIssuer['issue']>[0]> = {}): string =>
  issuer.issue({ namespace: 'default', serviceAccount: 'robot', expirationSeconds: 600, ...rest }).token;

test('a token stands for its service account until it expires or the account is made anew', () => {
  account('robot');
  const token = issue();
  expect(authenticator.authenticateToken(token)).toMatchObject({
    name: 'system:serviceaccount:default:robot',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
  });
  ahead = 601;
  expect(authenticator.authenticateToken(token)).toBeUndefined();
  ahead = 0;
  registry.delete(serviceAccounts, 'default', 'robot');
  account('robot');
  expect(authenticator.authenticateToken(token)).toBeUndefined();
});

test('a token that is bound to a pod dies with the pod', () => {
  account('robot');
  const spec = { containers: [{ name: 'c', image: 'i' }], serviceAccountName: 'robot' };
  const pod = registry.create(pods, 'default', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec,
  });
  const boundObject = { kind: 'Pod' as const, name: 'p', uid: pod.metadata.uid ?? '' };
  const token = issue({ boundObject });
  expect(reviewToken(authenticator, { token })).toMatchObject({
    authenticated: true,
    user: {
      username: 'system:serviceaccount:default:robot',
      extra: {
        'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)],
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': [boundObject.uid],
      },
    },
  });
  registry.delete(pods, 'default', 'p', { gracePeriodSeconds: 0 });
  expect(authenticator.authenticateToken(token)).toBeUndefined();
  expect(() => issue({ boundObject })).toThrow('not found');
});

test('tokens for others, changed tokens and tokens without signature are refused', () => {
  account('robot');
  const token = issue({ audiences: ['vault'] });
  expect(authenticator.authenticateToken(token)).toBeUndefined();
  expect(reviewToken(authenticator, { token, audiences: ['vault'] })).toMatchObject({ authenticated: true });
  const [, payload = '', signature = ''] = issue().split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...claims, exp: 4e9 })).toString('base64url');
  const header = Buffer.from('{"alg":"ES256"}').toString('base64url');
  for (const bad of [`${none}.${payload}.`, `${header}.${forged}.${signature}`, 'x', '', 'a.b.c']) {
    expect(authenticator.authenticateToken(bad)).toBeUndefined();
  }
});

test('lifetimes below ten minutes are refused, as Kubernetes does', () => {
  account('robot');
  expect(() => issue({ expirationSeconds: 599 })).toThrow('may not specify a duration less than 10 minutes');
});

test('client certificates count when our authority signed them, bearer tokens otherwise', async () => {
  account('robot');
  const seen: (User | undefined)[] = [];
  const server = createServer(
    {
      ca: pki.caCertificate,
      cert: pki.server.certificate,
      key: pki.server.key,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (incoming, response) => {
      seen.push(authenticator.authenticate(incoming));
      response.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const now = Date.now();
  const stranger = await issueAuthority('stranger', now, now + 60_000);
  const leaf = {
    subject: { CN: 'evil', O: 'system:masters' },
    usage: 'client' as const,
    ips: [],
    dnsNames: [],
  };
  const forged = await issueLeaf(stranger, { ...leaf, notBefore: now, notAfter: now + 60_000 });
  await call(server, { cert: pki.admin.certificate, key: pki.admin.key });
  await call(server, { cert: forged.certificate, key: forged.key });
  await call(server, { headers: { authorization: `Bearer ${issue()}` } });
  await call(server, {});
  server.close();
  expect(seen.map((user) => user?.name)).toEqual([
    'kubernetes-admin',
    undefined,
    'system:serviceaccount:default:robot',
    undefined,
  ]);
  expect(seen[0]?.groups).toEqual(['system:masters', 'system:authenticated']);
});

async function call(server: Server, options: RequestOptions): Promise<void> {
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, ca: pki.caCertificate, agent: false, ...options },
      (answer: IncomingMessage) => {
        answer.resume();
        answer.on('end', resolve);
      },
    )
      .on('error', reject)
      .end();
  });
}
