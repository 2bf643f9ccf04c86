import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Schema, fieldErrorMessage, prune, validate } from '@pgherd/kube/schema';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from './generated-file.ts';

interface Crd {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
}

const crd = parse(
  readFileSync(resolve(root, 'manifests/crds/postgresqls.acid.zalan.do.yaml'), 'utf8'),
) as Crd;
const schema = crd.spec.versions[0]?.schema.openAPIV3Schema ?? {};

function minimal(): { spec: Record<string, unknown> } {
  return parse(readFileSync(resolve(root, 'manifests/minimal-postgres-manifest.yaml'), 'utf8')) as {
    spec: Record<string, unknown>;
  };
}

/** The minimal manifest with some fields of `spec` replaced. */
function withSpec(spec: Record<string, unknown>) {
  const manifest = minimal();
  return { ...manifest, spec: { ...manifest.spec, ...spec } };
}

/** Every schema in the CRD, with its path. */
function* everySchema(of: Schema, path: string): Generator<[string, Schema]> {
  yield [path, of];
  for (const [name, child] of Object.entries(of.properties ?? {}))
    yield* everySchema(child, `${path}.${name}`);
  if (of.items) yield* everySchema(of.items, `${path}[]`);
  if (typeof of.additionalProperties === 'object') yield* everySchema(of.additionalProperties, `${path}.*`);
}

test.each(['scripts/generate-crds.ts', 'scripts/generate-reference.ts'])('%s has been run', (generator) => {
  execFileSync(process.execPath, [resolve(root, generator), '--check'], { stdio: 'pipe' });
  expect(crd.spec.versions).toHaveLength(1);
});

test('the schema is structural, has no defaults and no stand-ins', () => {
  const wrong = [...everySchema(schema, '')].filter(
    ([, each]) =>
      (each.type === undefined && !each['x-kubernetes-int-or-string']) ||
      'default' in each ||
      '$ref' in each ||
      'x-pgherd-core-type' in each ||
      (each.properties !== undefined && each.additionalProperties !== undefined),
  );
  expect(wrong.map(([path]) => path)).toEqual([]);
});

test('the keys of every list map are required', () => {
  for (const [, each] of everySchema(schema, ''))
    for (const key of each['x-kubernetes-list-map-keys'] ?? []) expect(each.items?.required).toContain(key);
});

test('the minimal manifest is valid and loses nothing', () => {
  const manifest = minimal();
  expect(validate(schema, manifest)).toEqual([]);
  expect(prune(schema, structuredClone(manifest), { isResourceRoot: true })).toEqual([]);
});

test('a manifest with much in it is valid and loses nothing', () => {
  const manifest = withSpec({
    env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    envFrom: [{ configMapRef: { name: 'c' } }],
    initContainers: [
      {
        name: 'i',
        image: 'i',
        resources: { limits: { cpu: 1 } },
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
      },
    ],
    livenessProbe: { httpGet: { path: '/liveness', port: 8008 }, periodSeconds: 10 },
    tolerations: [{ key: 'postgres', operator: 'Exists', effect: 'NoSchedule' }],
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { a: 'b' } },
      },
    ],
    additionalVolumes: [
      {
        name: 'v',
        mountPath: '/v',
        targetContainers: ['all'],
        volumeSource: { emptyDir: { medium: 'Memory' } },
      },
    ],
    users: { a: null, b: ['SUPERUSER', 'nocreatedb'] },
    allowedSourceRanges: ['127.0.0.1/32', '::1/128'],
    maintenanceWindows: ['01:00-06:00', 'Sat:00:00-04:00'],
    standby: { standby_host: 'h', standby_port: '5432' },
    clone: {
      cluster: 'c',
      uid: 'efd12e58-5786-11e8-b5a7-06148230260c',
      timestamp: '2026-12-19T12:40:33+01:00',
    },
    volume: { size: '1.5Gi', selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } },
    connectionPooler: { mode: 'session', numberOfInstances: 2 },
    preparedDatabases: { foo: {} },
  });
  expect(validate(schema, manifest).map(fieldErrorMessage)).toEqual([]);
  expect(prune(schema, structuredClone(manifest), { isResourceRoot: true })).toEqual([]);
});

test.each([
  ['spec.numberOfInstances', { numberOfInstances: -1 }],
  ['spec.numberOfInstances', { numberOfInstances: '2' }],
  ['spec.postgresql.version', { postgresql: { version: '9.6' } }],
  ['spec.postgresql.version', { postgresql: {} }],
  ['spec.volume.size', { volume: { size: 'big' } }],
  ['spec.teamId', { teamId: undefined }],
  ['spec.users.a[0]', { users: { a: ['root'] } }],
  ['spec.users.a[0]', { users: { a: ['SuperUser'] } }],
  ['spec.resources.requests.cpu', { resources: { requests: { cpu: '1.2345' } } }],
  ['spec.env[0].name', { env: [{ value: 'x' }] }],
  ['spec.allowedSourceRanges[0]', { allowedSourceRanges: ['300.0.0.0/8'] }],
  ['spec.maintenanceWindows[0]', { maintenanceWindows: ['Someday:01:00-02:00'] }],
  ['spec.logicalBackupSchedule', { logicalBackupSchedule: '0 0 * * MON' }],
  ['spec.clone.timestamp', { clone: { cluster: 'c', timestamp: '2026-12-19T12:40:33Z' } }],
  ['spec.clone.uid', { clone: { cluster: 'c', uid: 'x' } }],
  ['spec.standby', { standby: {} }],
  ['spec.standby', { standby: { s3_wal_path: 'a', gs_wal_path: 'b' } }],
  ['spec.connectionPooler.numberOfInstances', { connectionPooler: { numberOfInstances: 0 } }],
  ['spec.volume.iops', { volume: { size: '1Gi', iops: 80_001 } }],
  ['spec.tls.secretName', { tls: {} }],
])('the schema names %s when it is wrong', (field, spec) => {
  // Undefined stands for a missing field, as it does in JSON.
  const manifest: unknown = JSON.parse(JSON.stringify(withSpec(spec)));
  expect(validate(schema, manifest).map(fieldErrorMessage).join('\n')).toContain(field);
});
