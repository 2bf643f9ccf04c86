import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { isStandby, standbyCluster } from './standby.ts';

function section(spec: Parameters<typeof testManifest>[0]) {
  return standbyCluster({
    manifest: testManifest(spec),
    configuration: testConfiguration(),
    remembered: testRemembered(),
  });
}

test('a cluster that follows nobody has no section', () => {
  expect(section({})).toEqual({});
});

test("Spilo's methods are for Spilo; pgherd's image has its own", () => {
  const standby = { standby_host: 'far', standby_primary_slot_name: 's' };
  const target = { host: 'far', port: null, primary_slot_name: 's' };
  expect(section({ standby })).toEqual({ standby_cluster: target });
  expect(section({ standby, dockerImage: 'ghcr.io/zalando/spilo-18:4.1-p2' })).toEqual({
    standby_cluster: {
      create_replica_methods: ['bootstrap_standby_with_wale', 'basebackup_fast_xlog'],
      restore_command: 'envdir "/run/etc/wal-e.d/env-standby" /scripts/restore_command.sh "%f" "%p"',
      ...target,
    },
  });
});

test('a variable of Spilo makes a standby cluster too', () => {
  const env = (name: string) => isStandby(testManifest({ env: [{ name, value: 'x' }] }));
  expect(env('STANDBY_WALE_S3_PREFIX')).toBe(true);
  expect(env('STANDBY_METHOD')).toBe(false);
  expect(isStandby(testManifest())).toBe(false);
});
