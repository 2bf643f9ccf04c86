import { X509Certificate } from 'node:crypto';
import type { Secret } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { makeApiKeys } from '../reconcile/patroni-api.ts';
import { encode } from './contents.ts';
import { apiKey, apiNeed, apiRenewalAt, type ApiKeys } from './patroni-api.ts';

const dayMs = 24 * 60 * 60 * 1000;
const start = Date.parse('2030-01-01T00:00:00Z');
const cluster = { name: 'acid-demo', namespace: 'default' };

function secretOf(keys: ApiKeys): Secret {
  const data = Object.fromEntries(Object.entries(keys).map(([key, text]) => [key, encode(text)]));
  return { metadata: { name: 'acid-demo-patroni-api' }, data };
}

/** What is in the Secret after it was looked at, at that moment. */
async function after(keys: ApiKeys | undefined, now: number): Promise<{ made: string[]; keys: ApiKeys }> {
  const need = apiNeed(keys === undefined ? undefined : secretOf(keys), now);
  if (need === undefined) return { made: [], keys: keys ?? {} };
  const made = await makeApiKeys(need, keys ?? {}, cluster, now, () => `password${now}`);
  return { made: Object.keys(made).sort(), keys: { ...keys, ...made } };
}

const { keys: fresh } = await after(undefined, start);
const certificateOf = (keys: ApiKeys, key: string) => new X509Certificate(keys[key] ?? '');

test('a new Secret has everything, and nothing is made again', async () => {
  expect(Object.keys(fresh).sort()).toEqual(Object.values(apiKey).sort());
  expect((await after(fresh, start)).made).toEqual([]);
  const [authority, leaf] = [certificateOf(fresh, 'ca.crt'), certificateOf(fresh, 'tls.crt')];
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect([leaf.ca, authority.ca]).toEqual([false, true]);
  for (const name of ['patroni', 'localhost', 'acid-demo', 'acid-demo-repl.default.svc']) {
    expect(leaf.checkHost(name)).toBe(name);
  }
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
});

test('the certificate is renewed before it ends, at the moment that was told', async () => {
  const renewal = apiRenewalAt(secretOf(fresh)) ?? 0;
  expect(renewal).toBe(start + 275 * dayMs);
  expect((await after(fresh, renewal - 1)).made).toEqual([]);
  const renewed = await after(fresh, renewal);
  expect(renewed.made).toEqual(['tls.crt', 'tls.key']);
  const leaf = certificateOf(renewed.keys, 'tls.crt');
  expect(leaf.verify(certificateOf(fresh, 'ca.crt').publicKey)).toBe(true);
  expect(leaf.validToDate.getTime()).toBe(renewal + 365 * dayMs);
});

test('the authority is renewed under its key: whoever trusts the old one trusts what the new one signs', async () => {
  const renewed = await after(fresh, start + 3650 * dayMs - 729 * dayMs);
  expect(renewed.made).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  expect(renewed.keys['ca.key']).toBe(fresh['ca.key']);
  const [old, next] = [certificateOf(fresh, 'ca.crt'), certificateOf(renewed.keys, 'ca.crt')];
  expect(next.validToDate > old.validToDate).toBe(true);
  expect(certificateOf(renewed.keys, 'tls.crt').verify(old.publicKey)).toBe(true);
  expect(certificateOf(renewed.keys, 'tls.crt').checkIssued(old)).toBe(true);
});

test.each<[string, ApiKeys, string[]]>([
  ['no password', { [apiKey.password]: '' }, ['restapi-password']],
  ['a password that would not survive JSON', { [apiKey.password]: 'a"b' }, ['restapi-password']],
  ['no certificate', { 'tls.crt': '' }, ['tls.crt', 'tls.key']],
  ['another key', { 'tls.key': fresh['ca.key'] ?? '' }, ['tls.crt', 'tls.key']],
  ['rubbish for an authority', { 'ca.crt': 'x' }, ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']],
  [
    'a leaf for an authority',
    { 'ca.crt': fresh['tls.crt'] ?? '', 'ca.key': fresh['tls.key'] ?? '' },
    ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'],
  ],
])('%s: what cannot be used is made again', async (_what, change, made) => {
  const repaired = await after({ ...fresh, ...change }, start + dayMs);
  expect(repaired.made).toEqual(made);
  expect((await after(repaired.keys, start + dayMs)).made).toEqual([]);
});
