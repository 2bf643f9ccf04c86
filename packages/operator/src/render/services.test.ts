import type { Service } from '@pgherd/kube/objects';
import { describe, expect, test } from 'vitest';
import { differences, renderedOne, type TestInput } from '../testing/rendered.ts';

const hostname = 'external-dns.alpha.kubernetes.io/hostname';

function service(name: string, input: TestInput): Service {
  return renderedOne(`Service ${name}`, input) as Service;
}

describe.each([
  ['acid-demo', 'Master', 'master', {}],
  ['acid-demo-repl', 'Replica', 'replica', {}],
  ['acid-demo-pooler', 'MasterPooler', 'master_pooler', { enableConnectionPooler: true }],
  ['acid-demo-pooler-repl', 'ReplicaPooler', 'replica_pooler', { enableReplicaConnectionPooler: true }],
])('Service %s', (name, field, key, spec) => {
  const typeWith = (manifest: Record<string, unknown>, configuration: Record<string, unknown> = {}) =>
    service(name, { spec: { ...spec, ...manifest }, configuration }).spec?.type;

  test('the manifest decides, or else the configuration; a node port wins over a load balancer', () => {
    expect(typeWith({})).toBe('ClusterIP');
    expect(typeWith({}, { [`enable_${key}_load_balancer`]: true })).toBe('LoadBalancer');
    expect(
      typeWith({ [`enable${field}LoadBalancer`]: false }, { [`enable_${key}_load_balancer`]: true }),
    ).toBe('ClusterIP');
    expect(typeWith({}, { [`enable_${key}_node_port`]: true })).toBe('NodePort');
    expect(typeWith({ [`enable${field}NodePort`]: false }, { [`enable_${key}_node_port`]: true })).toBe(
      'ClusterIP',
    );
    expect(typeWith({ [`enable${field}NodePort`]: true, [`enable${field}LoadBalancer`]: true })).toBe(
      'NodePort',
    );
  });

  test('a fixed node port counts only together with the flag of the manifest', () => {
    const enabled = `enable${field}NodePort`;
    const lower = field.charAt(0).toLowerCase() + field.slice(1);
    const port = (input: TestInput) =>
      service(name, { ...input, spec: { ...spec, ...input.spec } }).spec?.ports?.[0]?.nodePort;
    expect(port({ spec: { [enabled]: true, [`${lower}NodePort`]: 30_000 } })).toBe(30_000);
    expect(port({ spec: { [enabled]: true, [`${lower}NodePort`]: 0 } })).toBeUndefined();
    expect(
      port({
        spec: { [`${lower}NodePort`]: 30_000 },
        configuration: { [`enable_${key}_node_port`]: true },
      }),
    ).toBeUndefined();
  });

  test('what a load balancer changes', () => {
    const plain = { spec };
    const balancer = { spec: { ...spec, [`enable${field}LoadBalancer`]: true } };
    expect(differences(plain, balancer).sort()).toEqual([
      `Service ${name} metadata.annotations`,
      `Service ${name} spec.externalTrafficPolicy`,
      `Service ${name} spec.loadBalancerSourceRanges.0`,
      `Service ${name} spec.type`,
    ]);
    const { spec: fields } = service(name, balancer);
    expect(fields?.loadBalancerSourceRanges).toEqual(['127.0.0.1/32']);
    expect(
      differences(balancer, { ...balancer, configuration: { external_traffic_policy: 'Local' } }),
    ).toEqual([`Service ${name} spec.externalTrafficPolicy`]);
    const ranges = { spec: { ...balancer.spec, allowedSourceRanges: ['10.0.0.0/8', 'fd00::/8'] } };
    expect(service(name, ranges).spec?.loadBalancerSourceRanges).toEqual(['10.0.0.0/8', 'fd00::/8']);
  });

  test('a node port has a traffic policy, but neither ranges nor a name in DNS', () => {
    const given = service(name, { spec: { ...spec, [`enable${field}NodePort`]: true } });
    expect(given.spec).toMatchObject({ externalTrafficPolicy: 'Cluster', loadBalancerSourceRanges: [] });
    expect(given.metadata.annotations?.[hostname]).toBeUndefined();
  });
});

test.each([
  ['acid-demo', 'acid-demo.default.db.example.com', {}],
  ['acid-demo', 'acid-demo.default.db.example.com,demo.acid.db.example.com', { teamId: 'acid' }],
  [
    'acid-demo-repl',
    'acid-demo-repl.default.db.example.com,demo-repl.acid.db.example.com',
    { teamId: 'ACID' },
  ],
  ['acid-demo-pooler', 'acid-demo-pooler.default.db.example.com', {}],
  ['acid-demo-pooler-repl', 'acid-demo-pooler-repl.default.db.example.com', {}],
])('names in DNS of %s: %s', (name, expected, spec) => {
  const everywhere = {
    enable_master_load_balancer: true,
    enable_replica_load_balancer: true,
    enable_master_pooler_load_balancer: true,
    enable_replica_pooler_load_balancer: true,
  };
  const given = service(name, {
    spec: { teamId: 'other', enableConnectionPooler: true, enableReplicaConnectionPooler: true, ...spec },
    configuration: everywhere,
  });
  expect(given.metadata.annotations?.[hostname]).toBe(expected);
});

test('annotations win in this order', () => {
  const names = ['a', 'b', 'c', hostname, 'd'];
  const all = (value: string, count: number) =>
    Object.fromEntries(names.slice(count).map((name) => [name, value]));
  const given = service('acid-demo', {
    metadata: { annotations: { d: 'inherited', other: 'no' } },
    spec: {
      enableMasterLoadBalancer: true,
      serviceAnnotations: all('all', 1),
      masterServiceAnnotations: all('master', 2),
      replicaServiceAnnotations: { a: 'replica' },
    },
    configuration: {
      custom_service_annotations: all('custom', 0),
      inherited_annotations: ['d'],
      master_dns_name_format: 'X-{cluster}.{namespace}.{team}.{hostedzone}',
      master_legacy_dns_name_format: '',
      db_hosted_zone: 'zone',
    },
  });
  expect(given.metadata.annotations).toEqual({
    a: 'custom',
    b: 'all',
    c: 'master',
    [hostname]: 'x-acid-demo.default.acid.zone',
    d: 'inherited',
  });
});
