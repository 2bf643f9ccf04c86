import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findConnection, inClusterConnection } from './connection.ts';
import { KubeconfigError } from './errors.ts';
import { testCertificates } from './testing/certificates.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgherd-kubeconfig-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = async (name: string, content: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

/** A kubeconfig with one context `c`, cluster `k`, user `u`, in flow style where given. */
const config = (
  user: string,
  cluster = '{server: "https://10.0.0.1:6443"}',
  context = '{cluster: k, user: u}',
): string =>
  `current-context: c
contexts: [{name: c, context: ${context}}]
clusters: [{name: k, cluster: ${cluster}}]
users: [{name: u, user: ${user}}]
`;

const find = async (content: string): Promise<Awaited<ReturnType<typeof findConnection>>> =>
  findConnection({ kubeconfig: await put('config', content), env: {} });

test('client certificate, key and authority as data and as files relative to the kubeconfig', async () => {
  const { ca, client } = await testCertificates();
  await put('ca.pem', ca);
  await put('client.pem', client.cert);
  await put('client.key', client.key);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const byFile = await find(
    config(
      '{client-certificate: client.pem, client-key: client.key}',
      '{server: "https://h", certificate-authority: ca.pem}',
    ),
  );
  const byData = await find(
    config(
      `{client-certificate-data: ${base64(client.cert)}, client-key-data: ${base64(client.key)}}`,
      `{server: "https://h", certificate-authority-data: ${base64(ca)}}`,
    ),
  );
  for (const connection of [byFile, byData]) {
    expect(connection.ca).toBe(ca);
    expect(await connection.credentials.get()).toEqual({ headers: {}, ...client });
  }
});

test('token, token file, user name and password, impersonation', async () => {
  await put('token', 'from-file\n');
  const headers = async (user: string): Promise<unknown> =>
    (await (await find(config(user))).credentials.get()).headers;
  expect(await headers('{token: abc}')).toEqual({ authorization: 'Bearer abc' });
  expect(await headers('{token: abc, tokenFile: token}')).toEqual({ authorization: 'Bearer from-file' });
  expect(await headers('{username: me, password: "s:cret"}')).toEqual({
    authorization: `Basic ${Buffer.from('me:s:cret').toString('base64')}`,
  });
  expect(await headers('{token: abc, as: jane, as-groups: [a, b], as-user-extra: {scopes/x: [y]}}')).toEqual({
    authorization: 'Bearer abc',
    'Impersonate-User': 'jane',
    'Impersonate-Group': ['a', 'b'],
    'Impersonate-Extra-scopes%2Fx': ['y'],
  });
});

test('cluster settings and namespace', async () => {
  const connection = await find(
    config(
      '{}',
      '{server: "https://host/prefix", insecure-skip-tls-verify: true, tls-server-name: kubernetes}',
      '{cluster: k, user: u, namespace: herd}',
    ),
  );
  expect(connection).toMatchObject({
    insecureSkipTlsVerify: true,
    tlsServerName: 'kubernetes',
    namespace: 'herd',
    context: 'c',
  });
  expect(connection.server.href).toBe('https://host/prefix');
  expect((await find(config('{}'))).namespace).toBe('default');
});

test('KUBECONFIG with several files: the first that names something wins, missing files are skipped', async () => {
  const first = await put('one', config('{token: first}', '{server: "https://first"}'));
  const second = await put(
    'two',
    config('{token: second}', '{server: "https://second"}').replace(
      'contexts: [',
      'contexts: [{name: other, context: {cluster: k, user: u, namespace: n}}, ',
    ),
  );
  const env = { KUBECONFIG: [join(folder, 'absent'), first, second].join(delimiter) };
  const connection = await findConnection({ env });
  expect(connection.server.hostname).toBe('first');
  expect((await connection.credentials.get()).headers).toEqual({ authorization: 'Bearer first' });
  expect((await findConnection({ env, context: 'other' })).namespace).toBe('n');
});

test.each([
  ['not YAML', 'a: [', 'is not valid YAML'],
  ['no mapping', '- a', 'must be a mapping'],
  ['no current context', 'contexts: [{name: c}]', 'current-context is not set; name a context (it has c)'],
  ['unknown context', 'current-context: x', 'has no context x (it has none)'],
  ['unknown cluster', config('{}', '{}', '{cluster: no}'), 'context c names the unknown cluster no'],
  ['unknown user', config('{}', '{}', '{cluster: k, user: no}'), 'context c names the unknown user no'],
  ['no server', config('{}', '{}'), 'cluster k: server (none) is not an https:// address'],
  ['proxy', config('{}', '{server: "https://h", proxy-url: "http://p"}'), 'proxy-url is not served'],
  [
    'key without certificate',
    config('{client-key: config}'),
    'client-certificate and client-key must both be set',
  ],
  ['missing file', config('{client-certificate: no.pem}'), 'no.pem cannot be read'],
  ['data that is no PEM', config('{client-certificate-data: "@@@"}'), 'is not base64 of a PEM file'],
  ['auth-provider', config('{auth-provider: {name: gcp}}'), 'auth-provider was removed from Kubernetes'],
  [
    'exec version',
    config('{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}'),
    'is not served; use',
  ],
  [
    'exec command',
    config('{exec: {apiVersion: client.authentication.k8s.io/v1}}'),
    'exec.command is missing',
  ],
  ['entry without name', 'users: [{user: {}}]', 'users[0].name is missing'],
  ['list that is none', 'clusters: 5', 'clusters must be a list'],
])('bad kubeconfig: %s', async (_, content, message) => {
  const error: unknown = await find(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KubeconfigError);
  expect(String(error)).toContain(message);
});

test('no kubeconfig at all says where it was looked for', async () => {
  await expect(findConnection({ env: { HOME: folder } })).rejects.toThrow(
    `${folder}/.kube/config does not exist; set KUBECONFIG`,
  );
  await expect(findConnection({ kubeconfig: join(folder, 'no'), env: {} })).rejects.toThrow('does not exist');
});

test('in a pod: service account token, authority and namespace; IPv6 too', async () => {
  await put('token', 'pod-token');
  await put('ca.crt', 'CA');
  await put('namespace', 'herd\n');
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const connection = await inClusterConnection(env, folder);
  expect(connection).toMatchObject({ ca: 'CA', namespace: 'herd', context: 'in-cluster' });
  expect(connection?.server.hostname).toBe('[fd00::1]');
  expect((await connection?.credentials.get())?.headers).toEqual({ authorization: 'Bearer pod-token' });
  expect(await inClusterConnection({}, folder)).toBeUndefined();
});

/** A credential plugin that counts its runs in a file and prints what it is told. */
async function plugin(script: string): Promise<string> {
  const path = await put('plugin.sh', `#!/bin/sh\necho run >> "${folder}/runs"\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
const runs = async (): Promise<number> =>
  (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
const exec = (version: string, extra = ''): string =>
  `{exec: {apiVersion: client.authentication.k8s.io/${version}, command: ./plugin.sh, interactiveMode: Never${extra}}}`;
const printed = (version: string, status: string): string =>
  `printf '%s' '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/${version}","status":${status}}'`;

for (const version of ['v1', 'v1beta1']) {
  test(`exec plugin ${version}: cached until its expiry, run once for requests at the same time, again after 401`, async () => {
    await plugin(printed(version, '{"token":"t","expirationTimestamp":"2999-01-01T00:00:00Z"}'));
    const { credentials } = await find(config(exec(version)));
    const both = await Promise.all([credentials.get(), credentials.get()]);
    await credentials.get();
    expect(both[0].headers).toEqual({ authorization: 'Bearer t' });
    expect(await runs()).toBe(1);
    credentials.invalidate?.();
    await credentials.get();
    expect(await runs()).toBe(2);
  });
}

test('exec plugin: expired answers are asked for again; certificates are taken', async () => {
  await plugin(
    printed(
      'v1',
      '{"clientCertificateData":"C","clientKeyData":"K","expirationTimestamp":"2001-01-01T00:00:00Z"}',
    ),
  );
  const { credentials } = await find(config(exec('v1')));
  expect(await credentials.get()).toEqual({ headers: {}, cert: 'C', key: 'K' });
  await credentials.get();
  expect(await runs()).toBe(2);
});

test('exec plugin: gets arguments, environment and the cluster', async () => {
  await plugin(`echo "$1 $MY $KUBERNETES_EXEC_INFO" > "${folder}/seen"; ${printed('v1', '{"token":"t"}')}`);
  const { credentials } = await find(
    config(exec('v1', ', args: [arg], env: [{name: MY, value: own}], provideClusterInfo: true')),
  );
  await credentials.get();
  const seen = await readFile(join(folder, 'seen'), 'utf8');
  expect(seen).toMatch(/^arg own /);
  expect(JSON.parse(seen.slice('arg own '.length))).toEqual({
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: false, cluster: { server: 'https://10.0.0.1:6443/' } },
  });
});

test.each([
  ['fails', 'echo broken token >&2; exit 3', 'ended with exit code 3: broken token'],
  ['prints no JSON', 'echo hello', 'printed no valid JSON'],
  [
    'prints another version',
    printed('v1beta1', '{"token":"t"}'),
    'expected ExecCredential client.authentication.k8s.io/v1',
  ],
  ['prints nothing useful', printed('v1', '{}'), 'printed neither status.token nor a client certificate'],
  ['prints a bad time', printed('v1', '{"token":"t","expirationTimestamp":"soon"}'), 'soon is no time'],
])('exec plugin that %s', async (_, script, message) => {
  await plugin(script);
  const { credentials } = await find(config(exec('v1')));
  await expect(credentials.get()).rejects.toThrow(message);
});

test('exec plugin that is not installed: says so, with its install hint', async () => {
  const { credentials } = await find(
    config(
      '{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, installHint: get it}}',
    ),
  );
  await expect(credentials.get()).rejects.toThrow(/no-such-plugin: is not installed\nget it/);
});
