import type { ConfigurationKey, Configuration } from '@pgherd/api';
import { expect, test } from 'vitest';
import { render } from '../render/render.ts';
import { testConfiguration, testManifest, testObserved, testRemembered } from '../testing/cluster.ts';
import { keptNotices } from './kept-notices.ts';

/** What is said about a cluster that was made with `made`, while the configuration says `now`. */
function notices(
  made: Partial<Configuration>,
  now: Partial<Configuration>,
  manifest = testManifest(),
): string[] {
  const configuration = testConfiguration(made);
  const objects = render({ manifest, configuration, remembered: testRemembered() });
  const observed = testObserved(objects, [], { configuration: {}, leader: 'acid-demo-0' });
  const settings = {
    configuration: testConfiguration(now),
    named: new Set(Object.keys(now) as ConfigurationKey[]),
  };
  return keptNotices(manifest, settings, observed).map(({ field }) => field);
}

test("another store than the cluster's is not taken, and that is said", () => {
  const [configMaps, endpoints] = [{ kubernetes_use_configmaps: true }, { kubernetes_use_configmaps: false }];
  expect(notices(configMaps, endpoints)).toEqual(['kubernetes_use_configmaps']);
  expect(notices(endpoints, configMaps)).toEqual(['kubernetes_use_configmaps']);
  expect(notices(configMaps, configMaps)).toEqual([]);
  expect(notices(configMaps, {})).toEqual([]);
});

test('a load balancer that nobody asks for any more is said to stay one', () => {
  const made = { enable_master_load_balancer: true };
  expect(notices(made, {})).toEqual(['spec.enableMasterLoadBalancer']);
  expect(notices(made, made)).toEqual([]);
  expect(notices(made, { enable_master_load_balancer: false })).toEqual([]);
  expect(notices(made, {}, testManifest({ enableMasterLoadBalancer: false }))).toEqual([]);
  expect(notices({}, {})).toEqual([]);
});

test("the protection of Patroni's REST API stays, and another image than pgherd's has none", () => {
  const [on, off] = [{ enable_patroni_api_tls: true }, { enable_patroni_api_tls: false }];
  expect(notices(off, on)).toEqual(['enable_patroni_api_tls']);
  expect(notices(on, off)).toEqual(['enable_patroni_api_tls']);
  expect([...notices(on, on), ...notices(off, off), ...notices(on, {})]).toEqual([]);
  const fresh = (dockerImage: string, configuration: Partial<Configuration>) =>
    keptNotices(
      testManifest({ dockerImage }),
      { configuration: testConfiguration(configuration), named: new Set() },
      testObserved([], []),
    ).map(({ field }) => field);
  expect(fresh('registry.example/spilo-17:4.0', on)).toEqual(['enable_patroni_api_tls']);
  expect([
    ...fresh('registry.example/spilo-17:4.0', off),
    ...fresh('registry.example/pgherd/postgres:17', on),
  ]).toEqual([]);
});
