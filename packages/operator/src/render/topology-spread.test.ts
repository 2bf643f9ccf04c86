import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { topologySpreadOf } from './topology-spread.ts';

const zone = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
const own = { ...zone, labelSelector: { matchLabels: { 'cluster-name': 'acid-demo' } } };
const completed = {
  ...zone,
  labelSelector: { matchLabels: { application: 'spilo', 'cluster-name': 'acid-demo' } },
};

function spread(wanted: (typeof zone)[] | undefined, existing?: (typeof zone)[]) {
  return topologySpreadOf({
    manifest: testManifest(wanted === undefined ? {} : { topologySpreadConstraints: wanted }),
    configuration: testConfiguration(),
    remembered: testRemembered(
      existing === undefined ? {} : { statefulSet: { topologySpreadConstraints: existing } },
    ),
  });
}

test('a constraint without selector counts the pods of the cluster, one with a selector is left alone', () => {
  expect(spread([zone])).toEqual([completed]);
  expect(spread([own])).toEqual([own]);
  expect(spread(undefined)).toBeUndefined();
});

test('pods that have it without a selector are not replaced for it', () => {
  expect(spread([zone], [zone])).toEqual([zone]);
  expect(spread([zone], [completed])).toEqual([completed]);
});

test('a changed constraint replaces the pods anyway, and gets its selector', () => {
  const changed = { ...zone, maxSkew: 2 };
  expect(spread([changed], [zone])).toEqual([{ ...completed, maxSkew: 2 }]);
});
