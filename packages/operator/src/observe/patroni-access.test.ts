import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Secret } from '@pgherd/kube/objects';
import { patroniClient, type RestAccess } from '@pgherd/patroni';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApiKeys } from '../reconcile/patroni-api.ts';
import { encode } from '../secrets/contents.ts';
import { apiNeed, type ApiKeys } from '../secrets/patroni-api.ts';
import { testPod } from '../testing/cluster.ts';
import { isAt, patroniAccess } from './patroni-access.ts';

const name = 'acid-demo-patroni-api';
const volumes = [{ name: 'patroni-api', secret: { secretName: name } }];
const pod = testPod({ ordinal: 0, spec: { volumes } });

async function newKeys(password: string): Promise<ApiKeys> {
  const need = apiNeed(undefined, Date.now());
  if (need === undefined) throw new Error('nothing is needed');
  return makeApiKeys(need, {}, { name: 'acid-demo', namespace: 'default' }, Date.now(), () => password);
}

const secretOf = (keys: ApiKeys): Secret => ({
  metadata: { name },
  data: Object.fromEntries(Object.entries(keys).map(([key, text]) => [key, encode(text)])),
});

let keys: ApiKeys;
let other: ApiKeys;
let port = 0;
let close = (): unknown => undefined;
const authorizations: (string | undefined)[] = [];

beforeAll(async () => {
  [keys, other] = [await newKeys('secret'), await newKeys('another')];
  const server = createServer({ cert: keys['tls.crt'], key: keys['tls.key'] }, (request, response) => {
    authorizations.push(request.headers.authorization);
    response.end('{"state":"running"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  close = () => server.close();
});
afterAll(() => close());

const ask = (access: () => RestAccess | undefined) => patroniClient('127.0.0.1', { port, access }).patroni();

test('a protected API is spoken to over TLS, with the password of its Secret', async () => {
  const access = () => patroniAccess(pod, (each) => (each === name ? secretOf(keys) : undefined));
  expect((await ask(access)).state).toBe('running');
  expect(authorizations.pop()).toBe(`Basic ${Buffer.from('patroni:secret').toString('base64')}`);
});

test('whoever has no certificate of this authority gets no password', async () => {
  authorizations.length = 0;
  await expect(ask(() => patroniAccess(pod, () => secretOf(other)))).rejects.toThrow(/certificate|signature/);
  const wrongName = { ...patroniAccess(pod, () => secretOf(keys)), serverName: 'elsewhere' } as RestAccess;
  await expect(ask(() => wrongName)).rejects.toThrow(/altnames/);
  expect(authorizations).toEqual([]);
});

test('a pod without the volume is asked in the clear; a Secret that is missing or empty is told', async () => {
  expect(patroniAccess(testPod({ ordinal: 0 }), () => undefined)).toBeUndefined();
  expect(patroniAccess(undefined, () => undefined)).toBeUndefined();
  await expect(ask(() => patroniAccess(pod, () => undefined))).rejects.toThrow(`Secret ${name}, with which`);
  expect(() => patroniAccess(pod, () => secretOf({}))).toThrow('is not complete');
});

test('a pod that has ended is not at its address any more', () => {
  expect(isAt(pod, '10.0.0.1')).toBe(true);
  expect(isAt({ ...pod, status: { ...pod.status, phase: 'Failed' } }, '10.0.0.1')).toBe(false);
});
