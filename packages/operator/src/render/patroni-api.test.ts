import type { PodSpec, StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { rememberPods } from '../observe/remembered.ts';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import type { Remembered } from './input.ts';
import { render } from './render.ts';

const probe = (port: number) => ({ httpGet: { path: '/liveness', port }, periodSeconds: 9 });

function rendered(
  changes: { tls?: boolean; image?: string; port?: number; remembered?: Partial<Remembered> } = {},
): { names: string[]; pod: PodSpec; text: string } {
  const objects = render({
    manifest: testManifest({
      ...(changes.image === undefined ? {} : { dockerImage: changes.image }),
      livenessProbe: probe(changes.port ?? 8008),
    }),
    configuration: testConfiguration({
      enable_patroni_api_tls: changes.tls ?? true,
      enable_readiness_probe: true,
    }),
    remembered: testRemembered(changes.remembered),
  });
  const set = objects.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet | undefined;
  const pod = set?.spec?.template.spec;
  if (pod === undefined) throw new Error('no StatefulSet');
  const names = objects
    .filter(({ kind }) => kind === kinds.secret)
    .map(({ object }) => object.metadata.name ?? '');
  return { names, pod, text: JSON.stringify(pod) };
}

const postgres = ({ containers }: PodSpec) => containers.find(({ name }) => name === 'postgres');
const secret = 'acid-demo-patroni-api';

test('a new cluster: certificates are mounted without the key of the authority, the password is never in the template', () => {
  const { names, pod } = rendered();
  expect(names).toContain(secret);
  const volume = pod.volumes?.find(({ name }) => name === 'patroni-api')?.secret;
  expect(volume?.items?.map(({ key }) => key)).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
  const variables = postgres(pod)?.env?.map(({ name }) => name) ?? [];
  // Kubernetes only resolves what stands before.
  expect(variables.indexOf('PATRONI_API_PASSWORD')).toBeLessThan(variables.indexOf('SPILO_CONFIGURATION'));
  const value = postgres(pod)?.env?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value ?? '';
  expect(JSON.parse(value)).toMatchObject({
    restapi: { authentication: { username: 'patroni', password: '$(PATRONI_API_PASSWORD)' } },
    ctl: { cacert: '/patroni-api/ca.crt', insecure: true, certfile: '/patroni-api/tls.crt' },
  });
});

test("probes of Patroni's port speak TLS, others stay as they are", () => {
  expect(postgres(rendered().pod)?.livenessProbe?.httpGet?.scheme).toBe('HTTPS');
  expect(postgres(rendered().pod)?.readinessProbe?.httpGet?.scheme).toBe('HTTPS');
  expect(postgres(rendered({ port: 8080 }).pod)?.livenessProbe).toEqual(probe(8080));
  expect(postgres(rendered({ tls: false }).pod)?.readinessProbe?.httpGet?.scheme).toBe('HTTP');
});

test.each([
  ['switched off', { tls: false }],
  ['another image', { image: 'registry.example/spilo-17:4.0' }],
  ['a cluster that exists without', { remembered: { statefulSet: {} } }],
])('%s: nothing of it', (_what, changes) => {
  const { names, text } = rendered(changes);
  expect(names).not.toContain(secret);
  expect(text).not.toMatch(/patroni-api|PATRONI_API|restapi/);
});

test('a cluster that has it keeps it, whatever image and configuration say', () => {
  const statefulSet = rememberPods(rendered().pod);
  const kept = rendered({
    tls: false,
    image: 'registry.example/spilo-17:4.0',
    remembered: statefulSet === undefined ? {} : { statefulSet },
  });
  expect(kept.names).toContain(secret);
  expect(kept.text).toContain('PATRONI_API_PASSWORD');
  // A volume of somebody else's under this name is none.
  const foreign = rendered({ tls: false }).pod;
  expect(
    rememberPods({ ...foreign, volumes: [{ name: 'patroni-api', secret: { secretName: 'mine' } }] })
      ?.protectsApi,
  ).toBeUndefined();
});
