import { defaultConfiguration } from '@pgherd/api';
import { expect, test } from 'vitest';
import { notShown, redact, redactText, secretValues } from './redact.ts';

test('variables and fields that are named like credentials are not shown, and what only names them is', () => {
  const shown = {
    clone: { cluster: 'a', s3_access_key_id: 'x1', s3_secret_access_key: 'x2' },
    env: [
      { name: 'MY_TOKEN', value: 'x3' },
      { name: 'PLAIN', value: 'y' },
      { name: 'FROM', valueFrom: { secretKeyRef: { name: 'z', key: 'password' } } },
    ],
    tls: { secretName: 'my-tls' },
    postgresql: { parameters: { password_encryption: 'scram-sha-256' } },
    automountServiceAccountToken: true,
    empty_password: '',
  };
  expect(redact(shown, [])).toEqual({
    ...shown,
    clone: { cluster: 'a', s3_access_key_id: notShown, s3_secret_access_key: notShown },
    env: [{ name: 'MY_TOKEN', value: notShown }, ...shown.env.slice(1)],
  });
});

test.each([
  ['postgres://me:hunter2@host/db', `postgres://me:${notShown}@host/db`],
  ['host=a password=hunter2 user=b', `host=a password=${notShown} user=b`],
  ["password = 'hunt er2'", `password = ${notShown}`],
  ['{"conninfo":"password=hunter2"}', `{"conninfo":"password=${notShown}"}`],
  ['ldap ldapbindpasswd="hunt er2" x', `ldap ldapbindpasswd=${notShown} x`],
  ['["ldapbindpasswd=\\"hunt er2\\" x"]', `["ldapbindpasswd=${notShown} x"]`],
  ['http://host:8080/path@x', 'http://host:8080/path@x'],
  ['the password is wrong', 'the password is wrong'],
])('%s', (text, clean) => {
  expect(redactText(text, [])).toBe(clean);
});

test('values of the configuration that are secrets are found wherever they are', () => {
  const configuration = { ...defaultConfiguration(), scalyr_api_key: 'hunter2' };
  expect(secretValues(configuration)).toEqual(['hunter2']);
  expect(redact({ args: ['--key', 'hunter2'] }, ['hunter2'])).toEqual({ args: ['--key', notShown] });
});

test('managed fields and the applied manifest are left out', () => {
  const metadata = {
    name: 'a',
    managedFields: [],
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: 'b' },
  };
  expect(redact({ metadata }, [])).toEqual({ metadata: { name: 'a', annotations: { mine: 'b' } } });
});
