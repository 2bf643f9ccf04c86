import { expect, test } from 'vitest';
import { manifest } from '../testing.ts';
import { withCurrentFields } from './old-fields.ts';

test('fields of 2018 are read under their current names', () => {
  const container = { name: 'i', image: 'i' };
  const old = manifest({
    useLoadBalancer: true,
    replicaLoadBalancer: false,
    init_containers: [container],
    pod_priority_class_name: 'high',
  });
  const before = structuredClone(old);
  const { manifest: read, problems } = withCurrentFields(old);
  expect(read).toEqual(
    manifest({
      enableMasterLoadBalancer: true,
      enableReplicaLoadBalancer: false,
      initContainers: [container],
      podPriorityClassName: 'high',
    }),
  );
  expect(problems.map(({ severity, field }) => `${severity} ${field}`)).toEqual([
    'warning spec.useLoadBalancer',
    'warning spec.replicaLoadBalancer',
    'warning spec.init_containers',
    'warning spec.pod_priority_class_name',
  ]);
  expect(old).toEqual(before);
});

test('the current name wins; without old names nothing is touched', () => {
  const both = withCurrentFields(manifest({ useLoadBalancer: true, enableMasterLoadBalancer: false }));
  expect(both.manifest).toEqual(manifest({ enableMasterLoadBalancer: false }));
  expect(both.problems).toMatchObject([{ severity: 'warning', field: 'spec.useLoadBalancer' }]);
  const none = manifest();
  expect(withCurrentFields(none)).toEqual({ manifest: none, problems: [] });
  expect(withCurrentFields(manifest({ init_containers: null })).manifest).toEqual(manifest());
});
