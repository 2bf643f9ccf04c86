import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '@pgherd/kube/objects';
import type { Clock } from '@pgherd/kube/objects';
import { writeKubeconfig } from './kubeconfig.ts';
import { ensurePki } from './pki.ts';

const options = {
  ips: ['127.0.0.1', '10.213.7.1'],
  dnsNames: ['localhost', 'kubernetes.default.svc'],
  clock: systemClock,
};
const days = (count: number): Clock => ({ ...systemClock, now: () => Date.now() + count * 86_400_000 });

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-pki-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('certificates pass the strict check of OpenSSL, which Python 3.13 makes by default', async () => {
  await ensurePki(directory, options);
  const check = (...args: string[]): string =>
    execFileSync('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      join(directory, 'ca.crt'),
      ...args,
    ]).toString();
  expect(check('-purpose', 'sslserver', '-verify_ip', '10.213.7.1', join(directory, 'server.crt'))).toContain(
    'OK',
  );
  expect(check('-purpose', 'sslclient', join(directory, 'admin.crt'))).toContain('OK');
  expect(check(join(directory, 'ca.crt'))).toContain('OK');
});

test('all files are for their owner only', async () => {
  await ensurePki(directory, options);
  for (const name of ['ca.crt', 'ca.key', 'server.crt', 'server.key', 'admin.crt', 'admin.key', 'sa.key']) {
    expect({ name, mode: statSync(join(directory, name)).mode & 0o777 }).toEqual({ name, mode: 0o600 });
  }
});

test('nothing changes when nothing has to', async () => {
  const first = await ensurePki(directory, options);
  expect(await ensurePki(directory, options)).toEqual(first);
});

test('other names or a near end make a new server certificate under the same authority', async () => {
  const first = await ensurePki(directory, options);
  const renamed = await ensurePki(directory, { ...options, ips: ['127.0.0.1', '10.213.8.1'] });
  expect(renamed.server.certificate).not.toBe(first.server.certificate);
  expect(renamed.caCertificate).toBe(first.caCertificate);
  expect(renamed.admin).toEqual(first.admin);
  const later = await ensurePki(directory, {
    ...options,
    ips: ['127.0.0.1', '10.213.8.1'],
    clock: days(340),
  });
  expect(later.server.certificate).not.toBe(renamed.server.certificate);
  expect(later.caCertificate).toBe(first.caCertificate);
});

test('files that a kill left missing or in part are made anew', async () => {
  const first = await ensurePki(directory, options);
  truncateSync(join(directory, 'server.key'), 20);
  rmSync(join(directory, 'admin.crt'));
  writeFileSync(join(directory, 'sa.key'), '');
  const mended = await ensurePki(directory, options);
  expect(mended.caCertificate).toBe(first.caCertificate);
  expect(mended.server.key).not.toBe(first.server.key);
  expect(mended.admin.certificate).toContain('BEGIN CERTIFICATE');
  expect(mended.serviceAccountKey).toContain('BEGIN PRIVATE KEY');
  rmSync(join(directory, 'ca.crt'));
  const anew = await ensurePki(directory, options);
  expect(anew.caCertificate).not.toBe(first.caCertificate);
  expect(anew.server.certificate).not.toBe(mended.server.certificate);
});

test('the kubeconfig carries everything in itself', async () => {
  const pki = await ensurePki(directory, options);
  const path = join(directory, 'kubeconfig');
  writeKubeconfig(path, {
    server: 'https://127.0.0.1:6443',
    caCertificate: pki.caCertificate,
    user: pki.admin,
  });
  const document = parse(readFileSync(path, 'utf8')) as Record<string, never>;
  expect(document).toMatchObject({
    'current-context': 'pgherd',
    contexts: [{ name: 'pgherd', context: { cluster: 'pgherd', user: 'pgherd', namespace: 'default' } }],
    clusters: [{ name: 'pgherd', cluster: { server: 'https://127.0.0.1:6443' } }],
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
