import { ApiError, services } from '@pgherd/kube/objects';
import type { KubeObject, ServiceSpec } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry } from './open-registry.ts';
import type { LocalRegistry } from './open-registry.ts';

// https://kubernetes.io/docs/concepts/services-networking/service/ and service-v1/
let registry: LocalRegistry;
beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
});
afterEach(() => registry.close());

type Made = KubeObject & { spec: ServiceSpec };
const make = (spec: object = {}, name = 's', annotations?: Record<string, string>): Made =>
  registry.create(services, 'default', {
    metadata: { name, ...(annotations ? { annotations } : {}) },
    spec: { ports: [{ port: 80 }], ...spec },
  }) as Made;
const change = (made: Made, spec: object): Made =>
  registry.update(services, 'default', made.metadata.name ?? '', {
    ...made,
    spec: { ...made.spec, ...spec },
  }) as Made;
const causes = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error.message;
  }
  return '';
};
const nodePort = ({ spec }: Made): number | undefined => spec.ports?.[0]?.nodePort;

test('a load balancer that nobody brings stays pending, with node ports of its own', () => {
  const made = make({
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8', '::/0'],
    externalTrafficPolicy: 'Local',
  });
  expect(made['status']).toEqual({ loadBalancer: {} });
  const port = nodePort(made) ?? 0;
  expect(port).toBeGreaterThanOrEqual(30086);
  expect(made.spec.healthCheckNodePort).toBe(port + 1);
  const other = make({ type: 'NodePort' }, 'other');
  expect(nodePort(other)).toBe(port + 2);
  expect(other.spec.externalTrafficPolicy).toBe('Cluster');
});

test('what belongs to a type goes with it; source ranges do not', () => {
  const made = make({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerClass: 'x.y/z' });
  const { spec } = change(made, { type: 'ClusterIP' });
  expect(Object.keys(spec)).not.toEqual(
    expect.arrayContaining(['externalTrafficPolicy', 'healthCheckNodePort', 'loadBalancerClass']),
  );
  expect(spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  const ranged = make({ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'] }, 'ranged');
  expect(causes(() => change(ranged, { type: 'ClusterIP' }))).toContain(
    "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
  );
  expect(nodePort(change(ranged, { externalTrafficPolicy: 'Local' }))).toBe(nodePort(ranged));
});

test.each([
  [{ externalTrafficPolicy: 'Local' }, 'may only be set for externally-accessible services'],
  [{ type: 'NodePort', externalTrafficPolicy: 'Some' }, 'supported values: "Cluster", "Local"'],
  [{ internalTrafficPolicy: 'Some' }, 'supported values: "Cluster", "Local"'],
  [{ allocateLoadBalancerNodePorts: false }, "may only be used when `type` is 'LoadBalancer'"],
  [{ type: 'NodePort', loadBalancerClass: 'x.y/z' }, "may only be used when `type` is 'LoadBalancer'"],
  [{ type: 'NodePort', healthCheckNodePort: 30500 }, 'spec.healthCheckNodePort: Invalid value: 30500'],
  [{ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] }, 'must be a list of IP ranges'],
  [{ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/33'] }, 'must be a list of IP ranges'],
])('%j is refused', (spec, why) => {
  expect(causes(() => make(spec))).toContain(why);
});

test('source ranges of old, in the annotation', () => {
  const key = 'service.beta.kubernetes.io/load-balancer-source-ranges';
  const balanced = { type: 'LoadBalancer' };
  expect(causes(() => make(balanced, 's', { [key]: 'everywhere' }))).toContain(
    `metadata.annotations[${key}]`,
  );
  expect(causes(() => make({}, 's', { [key]: '10.0.0.0/8' }))).toContain('Forbidden');
  expect(make(balanced, 's', { [key]: '10.0.0.0/8, 192.168.0.0/16' }).spec.type).toBe('LoadBalancer');
});

test('without node ports a load balancer has none', () => {
  expect(nodePort(make({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }))).toBeUndefined();
});
