import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { differences } from '../testing/rendered.ts';
import { podTemplate } from './pod-template.ts';
import { volumeProblems } from './volumes.ts';

type Wanted = NonNullable<Postgresql['spec']['additionalVolumes']>;

function rendered(spec: Partial<Postgresql['spec']>, changes: Parameters<typeof testConfiguration>[0] = {}) {
  const input = {
    manifest: testManifest({ enableShmVolume: false, ...spec }),
    // pgherd's own image has one volume more.
    configuration: testConfiguration({ docker_image: 'registry.example/spilo:1', ...changes }),
    remembered: testRemembered(),
  };
  const pod = podTemplate(input).spec;
  const mounts = (containers: NonNullable<typeof pod>['containers'] = []) =>
    Object.fromEntries(
      containers.map(({ name, volumeMounts = [] }) => [
        name,
        volumeMounts.map((mount) => `${mount.name}:${mount.mountPath}`),
      ]),
    );
  return {
    volumes: pod?.volumes,
    mounts: mounts(pod?.containers),
    init: mounts(pod?.initContainers),
    problems: volumeProblems(input).map(({ severity, field }) => `${severity} ${field}`),
  };
}

const sidecars = [{ name: 'side', image: 'x' }];
const data = 'pgdata:/home/postgres/pgdata';
const empty = { emptyDir: {} };

test('shared memory is a memory volume, and the manifest can do without it', () => {
  const dshm = { name: 'dshm', emptyDir: { medium: 'Memory' } };
  expect(rendered({ enableShmVolume: true })).toMatchObject({
    volumes: [dshm],
    mounts: { postgres: [data, 'dshm:/dev/shm'] },
  });
  expect(rendered({ enableShmVolume: false }, { enable_shm_volume: true }).volumes).toEqual([]);
});

test('the socket and the additional secret are in all containers', () => {
  const configuration = {
    share_pgsocket_with_sidecars: true,
    additional_secret_mount: 'cloud.keys',
    additional_secret_mount_path: '/keys',
  };
  const mounts = [data, 'postgresql-run:/var/run/postgresql', 'cloud-keys:/keys'];
  expect(rendered({ sidecars }, configuration)).toMatchObject({
    volumes: [
      { name: 'postgresql-run', emptyDir: { medium: 'Memory' } },
      { name: 'cloud-keys', secret: { secretName: 'cloud.keys' } },
    ],
    mounts: { postgres: mounts, side: mounts },
  });
});

test('certificates are readable by the group, that of the authority may be in a Secret of its own', () => {
  const secret = (secretName: string) => ({ name: secretName, secret: { secretName, defaultMode: 0o640 } });
  expect(
    rendered({ sidecars, tls: { secretName: 'crt', caFile: 'ca.crt', caSecretName: 'ca' } }),
  ).toMatchObject({
    volumes: [secret('crt'), secret('ca')],
    mounts: { postgres: [data, 'crt:/tls', 'ca:/tlsca'], side: [data] },
  });
  const same = rendered({ tls: { secretName: 'crt', caFile: 'ca.crt', caSecretName: 'crt' } });
  expect(same.volumes).toEqual([secret('crt')]);
  expect(same.mounts['postgres']).toEqual([data, 'crt:/tls', 'crt:/tlsca']);
});

test("a certificate's section that names no Secret is none, as in Zalando's example manifest", () => {
  const tls = { secretName: '', certificateFile: 'tls.crt', caFile: '', caSecretName: '' };
  expect(differences({}, { spec: { tls } })).toEqual([]);
});

test('files of a certificate that are not named have the names that Kubernetes gives them', () => {
  const named = { secretName: 'own', certificateFile: 'tls.crt', privateKeyFile: 'tls.key' };
  const empty = { secretName: 'own', certificateFile: '', privateKeyFile: '' };
  expect(differences({ spec: { tls: named } }, { spec: { tls: empty } })).toEqual([]);
});

test('additional volumes reach the containers that they name', () => {
  const volumes: Wanted = [
    { name: 'own', mountPath: '/own', volumeSource: empty },
    { name: 'every', mountPath: '/every', volumeSource: empty, targetContainers: ['all'] },
    {
      name: 'some',
      mountPath: '/some',
      volumeSource: empty,
      targetContainers: ['side', 'first'],
      subPath: 'x',
    },
  ];
  const initContainers = [{ name: 'first', image: 'x', volumeMounts: [{ name: 'own', mountPath: '/mine' }] }];
  expect(rendered({ sidecars, initContainers, additionalVolumes: volumes })).toEqual({
    volumes: ['own', 'every', 'some'].map((name) => ({ name, emptyDir: {} })),
    mounts: { postgres: [data, 'own:/own', 'every:/every'], side: [data, 'every:/every', 'some:/some'] },
    init: { first: ['own:/mine', 'some:/some'] },
    problems: [],
  });
});

test('a path may be an expression', () => {
  const [postgres] =
    podTemplate({
      manifest: testManifest({ volume: { size: '1Gi', subPath: '$(POD_NAME)', isSubPathExpr: true } }),
      configuration: testConfiguration(),
      remembered: testRemembered(),
    }).spec?.containers ?? [];
  expect(postgres?.volumeMounts?.[0]).toEqual({
    name: 'pgdata',
    mountPath: '/home/postgres/pgdata',
    subPathExpr: '$(POD_NAME)',
  });
});

test.each<[string, Wanted[number], string]>([
  ['the data volume', { name: 'v', mountPath: '/home/postgres/pgdata/', volumeSource: empty }, 'mountPath'],
  ['another path', { name: 'v', mountPath: '/first', volumeSource: empty }, 'mountPath'],
  ['shared memory', { name: 'v', mountPath: '/dev/shm', volumeSource: empty }, 'mountPath'],
  ['the certificates', { name: 'v', mountPath: '/tls', volumeSource: empty }, 'mountPath'],
  ["the data volume's name", { name: 'pgdata', mountPath: '/v', volumeSource: empty }, 'name'],
  ["a Secret's name", { name: 'crt', mountPath: '/v', volumeSource: empty }, 'name'],
  ['another name', { name: 'first', mountPath: '/v', volumeSource: empty }, 'name'],
])('a volume that collides with %s is left out, with its mounts', (_what, volume, member) => {
  const first = { name: 'first', mountPath: '/first', volumeSource: empty };
  const spec = { enableShmVolume: true, tls: { secretName: 'crt' }, additionalVolumes: [first] };
  const without = rendered(spec);
  for (const targetContainers of [undefined, ['postgres'], ['all']]) {
    const target = targetContainers === undefined ? {} : { targetContainers };
    const found = rendered({ ...spec, additionalVolumes: [first, { ...volume, ...target }] });
    expect(found).toEqual({ ...without, problems: [`warning spec.additionalVolumes[1].${member}`] });
  }
});

test('one path in different containers is no collision', () => {
  const found = rendered({
    sidecars,
    additionalVolumes: [
      { name: 'a', mountPath: '/x', volumeSource: empty },
      { name: 'b', mountPath: '/x', volumeSource: empty, targetContainers: ['side'] },
    ],
  });
  expect(found).toMatchObject({ mounts: { postgres: [data, 'a:/x'], side: [data, 'b:/x'] }, problems: [] });
});
