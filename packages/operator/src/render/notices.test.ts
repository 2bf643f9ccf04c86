import { expect, test } from 'vitest';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { renderNotices } from './notices.ts';

test('nothing is said where everything is as the manifest asks', () => {
  expect(renderNotices({ configuration: testConfiguration(), manifest: testManifest() })).toEqual([]);
});

test('a raised limit is told under the reason that Zalando gives it', () => {
  const configuration = testConfiguration({ min_memory_limit: '250Mi' });
  const manifest = testManifest({ resources: { limits: { memory: '100Mi' } } });
  expect(renderNotices({ configuration, manifest })).toEqual([
    {
      severity: 'warning',
      field: 'spec.resources.limits.memory',
      message: "it is 100Mi and the pods get 250Mi: the operator's `min_memory_limit` says so.",
      reason: 'ResourceLimits',
    },
  ]);
});

test.each([
  [{ max_instances: 3 }, 9, 'max_instances'],
  [{ min_instances: 2 }, 1, 'min_instances'],
])('a number of members that is clamped is told: %j', (changes, numberOfInstances, key) => {
  const found = renderNotices({
    configuration: testConfiguration(changes),
    manifest: testManifest({ numberOfInstances }),
  });
  expect(found).toMatchObject([{ field: 'spec.numberOfInstances' }]);
  expect(found[0]?.message).toContain(key);
});
