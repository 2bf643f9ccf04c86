import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod, Volume } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writePayload } from './atomic-writer.ts';
import { containerMounts } from './mounts.ts';
import { payloadOf } from './payload.ts';
import type { Payload, PayloadContext } from './payload.ts';
import { refreshAt } from './tokens.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-volumes-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const files = (entries: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));

test('files appear through ..data, and all change at once', () => {
  expect(writePayload(directory, files({ a: '1', 'sub/b': '2' }, 0o600), undefined)).toBe(true);
  expect(readlinkSync(join(directory, 'a'))).toBe('..data/a');
  expect(readlinkSync(join(directory, 'sub'))).toBe('..data/sub');
  expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o600);
  const version = readlinkSync(join(directory, '..data'));
  expect(writePayload(directory, files({ a: '1', 'sub/b': '2' }, 0o600), undefined)).toBe(false);
  expect(readlinkSync(join(directory, '..data'))).toBe(version);

  expect(writePayload(directory, files({ a: '3', c: '4' }), undefined)).toBe(true);
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('3');
  expect(
    readdirSync(directory)
      .filter((name) => !name.startsWith('..'))
      .sort(),
  ).toEqual(['a', 'c']);
  expect(readdirSync(directory).filter((name) => name.startsWith('..2'))).toHaveLength(1);
});

const pod: Pod = { metadata: { name: 'p', namespace: 'n' }, spec: { containers: [] } };
const context: PayloadContext = {
  pod,
  podIps: [],
  node: { nodeName: 'n', hostIp: '', allocatable: { cpu: 1, memory: 1 } },
  source: {
    configMap: (_, name) =>
      name === 'm' ? { metadata: {}, data: { x: '1', y: '2' }, binaryData: { z: 'AP8=' } } : undefined,
    secret: () => undefined,
    services: () => [],
  },
  token: ({ path, expirationSeconds }) => `token for ${path}, ${expirationSeconds} s`,
};
const texts = (volume: Partial<Volume>): Record<string, string> =>
  Object.fromEntries(
    [...payloadOf({ name: 'v', ...volume }, context)].map(([path, file]) => [
      path,
      file.content.toString('latin1'),
    ]),
  );

test('a config map’s keys, all or those asked for', () => {
  expect(texts({ configMap: { name: 'm' } })).toEqual({ x: '1', y: '2', z: '\u0000\u00ff' });
  expect(texts({ configMap: { name: 'm', items: [{ key: 'x', path: 'deep/er' }] } })).toEqual({
    'deep/er': '1',
  });
});

test('missing objects and keys are errors, unless optional', () => {
  expect(() => texts({ configMap: { name: 'no' } })).toThrow('configmap "no" not found');
  expect(() => texts({ secret: { secretName: 'no' } })).toThrow('secret "no" not found');
  expect(() => texts({ configMap: { name: 'm', items: [{ key: 'q', path: 'q' }] } })).toThrow(
    'references non-existent config key: q',
  );
  expect(texts({ secret: { secretName: 'no', optional: true } })).toEqual({});
});

test('projected sources lie in one volume', () => {
  expect(
    texts({
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
          { configMap: { name: 'm', items: [{ key: 'x', path: 'ca' }] } },
          { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    }),
  ).toEqual({ token: 'token for token, 3607 s', ca: '1', ns: 'n' });
});

test('a token belongs to the user that all containers run as, else everybody may read it', () => {
  const tokenFile = (spec: object): object | undefined => {
    const pod = { ...context.pod, spec: { containers: [{ name: 'c' }], ...spec } } as Pod;
    const projected = { sources: [{ serviceAccountToken: { path: 't' } }] };
    const file = payloadOf({ name: 'v', projected }, { ...context, pod }).get('t');
    return file && { mode: file.mode, uid: file.uid };
  };
  const everybody = { mode: 0o644, uid: undefined };
  expect(tokenFile({})).toEqual(everybody);
  expect(tokenFile({ securityContext: { runAsUser: 7 } })).toEqual({ mode: 0o600, uid: 7 });
  const as = (uid: number) => ({ name: `c${uid}`, securityContext: { runAsUser: uid } });
  expect(tokenFile({ containers: [as(7)], initContainers: [as(7)] })).toEqual({ mode: 0o600, uid: 7 });
  expect(tokenFile({ containers: [as(7), as(8)] })).toEqual(everybody);
  expect(tokenFile({ containers: [as(7), { name: 'c' }] })).toEqual(everybody);
  // The group may read it once it is the group's.
  expect(tokenFile({ securityContext: { fsGroup: 9 } })).toEqual({ mode: 0o600, uid: undefined });
});

test('files are given to their user', () => {
  const uid = process.getuid?.() === 0 ? 12_345 : (process.getuid?.() ?? 0);
  writePayload(directory, new Map([['t', { content: Buffer.from('1'), mode: 0o600, uid }]]), undefined);
  expect(statSync(join(directory, 't'))).toMatchObject({ uid, mode: 0o100_600 });
});

test('a token is replaced when 80 % of its life is over, after a day at the latest', () => {
  const token = (iat: number, exp: number): string =>
    `x.${Buffer.from(JSON.stringify({ iat, exp })).toString('base64url')}.y`;
  expect(refreshAt(token(1000, 2000))).toBe(1800);
  expect(refreshAt(token(0, 10 * 86_400))).toBe(86_400);
  expect(refreshAt('garbage')).toBe(0);
});

test('subPath stays within the volume, subPathExpr knows the environment', () => {
  mkdirSync(join(directory, 'in'));
  const volumes = new Map([['v', { hostPath: directory, readOnly: false }]]);
  const mount = (fields: object): string | undefined =>
    containerMounts(
      { name: 'c', volumeMounts: [{ name: 'v', mountPath: '/m', ...fields }] },
      volumes,
      new Map([['P', 'pod']]),
    )[0]?.Source;
  expect(mount({ subPath: 'in' })).toBe(join(directory, 'in'));
  expect(mount({ subPathExpr: 'in/$(P)' })).toBe(join(directory, 'in/pod'));
  expect(statSync(join(directory, 'in/pod')).isDirectory()).toBe(true);
  expect(() => mount({ subPath: '../out' })).toThrow('must stay within its volume');
  expect(() => mount({ subPathExpr: '$(NOPE)' })).toThrow('missing value for "NOPE"');
});
