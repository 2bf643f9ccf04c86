import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import 'reflect-metadata';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { afterEach, expect, test } from 'vitest';
import { teamsClient } from './client.ts';
import { networkExchange } from './exchange.ts';
import { startFakeTeamsApi, type FakeTeamsApiOptions } from './fake/fake-teams-api.ts';

const token = 'a-secret-token';
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function fake(more: Partial<FakeTeamsApiOptions> = {}) {
  const asked: string[] = [];
  const api = await startFakeTeamsApi({
    teams: () => ({ acid: ['foo', 'bar', 'foo'], 'a b/c': ['baz'], constructor: [] }),
    token: () => token,
    port: 0,
    onAnswer: (request, status) => asked.push(`${request} ${status}`),
    ...more,
  });
  stops.push(() => api.stop());
  return { api, asked };
}

/** A server that answers what no Teams API would. */
async function server(listener: RequestListener): Promise<string> {
  const played = createServer(listener);
  await new Promise<void>((resolve) => played.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    played.closeAllConnections();
    await new Promise((resolve) => played.close(resolve));
  });
  return `http://127.0.0.1:${(played.address() as AddressInfo).port}`;
}

const answering = (body: string, status = 200) =>
  server((_request, response) => response.writeHead(status).end(body));

/** What the client says to a server. */
async function complaint(url: string, team = 'acid', timeoutMs = 5_000): Promise<string> {
  const said = await teamsClient({ url, timeoutMs })
    .membership(team, token)
    .then(
      (answer) => JSON.stringify(answer),
      ({ failure, message }: { failure: string; message: string }) => `${failure}: ${message}`,
    );
  expect(said).not.toContain(token);
  return said;
}

test('members of a team, each once; a team that is not known is empty; slashes at the end do not matter', async () => {
  const { api, asked } = await fake();
  for (const url of [api.url, `${api.url}api//`, `${api.url}api`]) {
    const client = teamsClient({ url });
    expect(await client.membership('acid', token)).toEqual({
      exists: true,
      members: ['foo', 'bar'],
      refused: [],
    });
    expect(await client.membership('nobody', `${token}\n`)).toEqual({
      exists: false,
      members: [],
      refused: [],
    });
  }
  expect(asked.slice(0, 4)).toEqual([
    'GET /teams/acid 200',
    'GET /teams/nobody 404',
    'GET /api/teams/acid 200',
    'GET /api/teams/nobody 404',
  ]);
});

test('names of teams stay what they are', async () => {
  const { api, asked } = await fake();
  const client = teamsClient({ url: api.url });
  expect((await client.membership('a b/c', token)).members).toEqual(['baz']);
  expect(asked).toEqual(['GET /teams/a%20b%2Fc 200']);
  for (const team of ['', '.', '..'])
    expect(await complaint(api.url, team)).toContain('refused: the Teams API cannot be asked for a team');
});

test('names that no role can have are told, and the others taken', async () => {
  const long = 'x'.repeat(64);
  const names = [
    'First.Last',
    'o’neil "x"; DROP',
    '',
    ' a',
    'a\u0000b',
    'a\nb',
    'pg_x',
    'public',
    long,
    'é'.repeat(32),
  ];
  const url = await answering(JSON.stringify({ member: [...names, 'a'.repeat(5000)] }));
  const { members, refused } = await teamsClient({ url }).membership('acid', token);
  expect(members).toEqual(['First.Last', 'o’neil "x"; DROP']);
  expect(refused.map(({ name }) => name)).toEqual([
    '',
    ' a',
    String.raw`a\u0000b`,
    String.raw`a\nb`,
    'pg_x',
    'public',
    long,
    'é'.repeat(32),
    `${'a'.repeat(70)}…`,
  ]);
});

test('what is no list of members is refused as a whole, and is no empty team', async () => {
  for (const body of [
    '',
    '<html>log in</html>',
    '[]',
    '"acid"',
    'null',
    '{}',
    '{"member": "foo"}',
    '{"member": {"0": "foo"}}',
    '{"member": ["foo", 5]}',
    '{"member": ["foo", null]}',
    '{"member": ["foo"',
    JSON.stringify({ member: Array.from({ length: 10_001 }, (_, index) => `u${index}`) }),
    ' '.repeat(3 * 1024 * 1024),
  ])
    expect(await complaint(await answering(body)), body.slice(0, 40)).toMatch(/^garbled: /);
  expect(await complaint(await answering('{"member": null}'))).toBe(
    '{"exists":true,"members":[],"refused":[]}',
  );
});

test('failures are told apart', async () => {
  const { api } = await fake({ token: () => 'other' });
  expect(await complaint(api.url)).toMatch(
    /^unauthorized: .*\/teams\/acid: the answer is 401; the token of oauth_/,
  );
  expect(await complaint(await answering('{"member": []}', 500))).toMatch(/^refused: .*the answer is 500$/);
  await api.stop();
  expect(await complaint(api.url)).toMatch(/^unreachable: .*ECONNREFUSED/);
  const silent = await server(() => {});
  expect(await complaint(silent, 'acid', 50)).toMatch(/^unreachable: .*no answer within 50 ms$/);
  const half = await server((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"member": ["foo"]');
    response.socket?.destroy();
  });
  expect(await complaint(half)).toMatch(/^unreachable: /);
  expect(await complaint(`${api.url.replace('//', '//user:hidden@')}?key=hidden`)).not.toContain('hidden');
});

test('redirections are followed to the same server only, and the token goes nowhere else', async () => {
  const strangers: unknown[] = [];
  const stranger = await server((request, response) => {
    strangers.push(request.headers.authorization);
    response.end('{"member": ["mallory"]}');
  });
  const target = (path: string) => {
    if (path === '/api/teams/acid') return '/v2/teams/acid';
    if (path === '/loop/teams/acid') return '/loop/teams/acid';
    if (path === '/bad/teams/acid') return 'http://[';
    return path.startsWith('/away') ? `${stranger}/teams/acid` : undefined;
  };
  const url = await server(({ url: path = '', headers }, response) => {
    const location = target(path);
    if (location !== undefined) response.writeHead(302, { location }).end();
    else response.end(JSON.stringify({ member: headers.authorization === `Bearer ${token}` ? ['foo'] : [] }));
  });
  expect(await complaint(`${url}/api`)).toContain('"members":["foo"]');
  expect(await complaint(`${url}/loop`)).toMatch(/^refused: .*redirects more than 5 times/);
  expect(await complaint(`${url}/bad`)).toMatch(/^refused: .*to what is no URL/);
  expect(await complaint(`${url}/away`)).toMatch(/^refused: .*redirects to http:.*the token is not sent/);
  expect(strangers).toEqual([]);
});

test('a token that cannot be sent is not', async () => {
  const { api, asked } = await fake();
  for (const bad of ['', '  \n', 'a\nb', 'a b', 'ä'])
    await expect(teamsClient({ url: api.url }).membership('acid', bad)).rejects.toThrow(
      'the token is empty, or has characters that cannot be sent',
    );
  expect(asked).toEqual([]);
});

test('a proxy of the environment is asked instead', async () => {
  const proxied: (string | undefined)[] = [];
  const proxy = await server((request, response) => {
    proxied.push(request.url);
    response.end('{"member": ["foo"]}');
  });
  const exchange = networkExchange({ HTTP_PROXY: proxy, NO_PROXY: 'near.example.org' });
  const client = teamsClient({ url: 'http://teams.example.org/api', exchange });
  expect((await client.membership('acid', token)).members).toEqual(['foo']);
  expect(proxied).toEqual(['http://teams.example.org/api/teams/acid']);
});

async function certificate(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=teams',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 24 * 3_600_000),
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: cert.toString('pem'), key: PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

test('over HTTPS, a server is believed when NODE_EXTRA_CA_CERTS vouches for it, and only then', async () => {
  const tls = await certificate();
  const { api } = await fake({ tls });
  expect(await complaint(api.url)).toMatch(/^unreachable: .*name the authority in NODE_EXTRA_CA_CERTS/);
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-teams-'));
  stops.push(async () => rmSync(directory, { recursive: true }));
  const authorities = join(directory, 'ca.pem');
  writeFileSync(authorities, tls.cert);
  // Node reads them when it starts.
  const program = `import { teamsClient } from ${JSON.stringify(new URL('./client.ts', import.meta.url).href)};
    console.log(JSON.stringify(await teamsClient({ url: '${api.url}' }).membership('acid', '${token}')));`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: authorities };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    env,
  });
  expect(stdout).toContain('"members":["foo","bar"]');
});
