import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { rememberPods } from '../observe/remembered.ts';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import type { Remembered } from './input.ts';
import { podTemplate } from './pod-template.ts';
import { declaredConfiguration, spiloConfiguration } from './spilo-configuration.ts';

type Changes = Parameters<typeof testConfiguration>[0];

function input(
  spec: Partial<Postgresql['spec']>,
  changes: Changes = {},
  remembered: Partial<Remembered> = {},
) {
  return {
    manifest: testManifest(spec),
    configuration: testConfiguration(changes),
    remembered: testRemembered(remembered),
  };
}

const initdb = '"initdb":[{"auth-host":"scram-sha-256"},{"auth-local":"trust"}]';

test('keys have the order that Zalando gives them', () => {
  const text = spiloConfiguration(
    input({
      dockerImage: 'registry.example/spilo:1',
      postgresql: {
        version: '17',
        parameters: { work_mem: '8MB', shared_buffers: '1GB', archive_command: 'x' },
      },
      patroni: {
        failsafe_mode: true,
        slots: { b: { type: 'physical' }, a: { type: 'logical' } },
        synchronous_node_count: 2,
        synchronous_mode_strict: true,
        synchronous_mode: true,
        maximum_lag_on_failover: 33554433,
        retry_timeout: 11,
        loop_wait: 12,
        ttl: 40,
        pg_hba: ['local all all trust'],
      },
    }),
  );
  // 33554433 is what a float of 32 bits cannot hold.
  expect(text).toBe(
    '{"postgresql":{"parameters":{"archive_command":"x","shared_buffers":"1GB"},"pg_hba":["local all all trust"]},' +
      `"bootstrap":{${initdb},"dcs":{"ttl":40,"loop_wait":12,"retry_timeout":11,` +
      '"maximum_lag_on_failover":33554433,"synchronous_mode":true,"synchronous_mode_strict":true,' +
      '"synchronous_node_count":2,"postgresql":{"parameters":{"work_mem":"8MB"}},' +
      '"slots":{"a":{"type":"logical"},"b":{"type":"physical"}},"failsafe_mode":true,"primary_start_timeout":5}}}',
  );
});

test('options of initdb: defaults can be overridden, flags stand alone', () => {
  const options = {
    'data-checksums': 'true',
    'auth-host': 'md5',
    locale: 'C',
    debug: 'false',
    encoding: 'UTF8',
  };
  expect(JSON.parse(spiloConfiguration(input({ patroni: { initdb: options } })))).toMatchObject({
    bootstrap: {
      initdb: [
        { 'auth-host': 'md5' },
        { 'auth-local': 'trust' },
        'data-checksums',
        { debug: 'false' },
        { encoding: 'UTF8' },
        { locale: 'C' },
      ],
    },
  });
});

test('without PGVERSION the version is in the path of the binaries, and an existing cluster keeps it', () => {
  const changes = { enable_pgversion_env_var: false };
  const fresh = input({}, changes);
  expect(JSON.parse(spiloConfiguration(fresh))).toMatchObject({
    postgresql: { bin_dir: '/usr/lib/postgresql/17/bin' },
  });
  const statefulSet = rememberPods(podTemplate(fresh).spec) ?? {};
  const raised = input({ postgresql: { version: '18' } }, changes, { statefulSet });
  expect(spiloConfiguration(raised)).toBe(spiloConfiguration(fresh));
});

test('what is only read at the first start stays as it is, so that it restarts nothing', () => {
  const before = podTemplate(input({ patroni: { ttl: 20, initdb: { 'auth-host': 'md5' } } })).spec;
  const statefulSet = rememberPods(before) ?? {};
  const after = podTemplate(
    input(
      { patroni: { ttl: 40, slots: { s: { type: 'physical' } } } },
      { enable_patroni_failsafe_mode: true },
      { statefulSet },
    ),
  ).spec;
  expect(after).toEqual(before);
});

test('what the manifest does not say about Patroni is not said at all', () => {
  expect(declaredConfiguration(input({}))).toEqual({});
  expect(declaredConfiguration(input({ patroni: { ttl: 0, synchronous_mode: false } }))).toEqual({
    synchronous_mode: false,
  });
  // Whether the configuration speaks of it is for the caller to know.
  expect(declaredConfiguration(input({}), true)).toEqual({ failsafe_mode: true });
  expect(declaredConfiguration(input({ patroni: { failsafe_mode: false } }), true)).toEqual({
    failsafe_mode: false,
  });
});

test('a new cluster is made with failsafe mode unless somebody says otherwise', () => {
  const made = (spec: Partial<Postgresql['spec']>, changes: Changes = {}) => {
    const { bootstrap } = JSON.parse(spiloConfiguration(input(spec, changes))) as {
      bootstrap: { dcs: { failsafe_mode: boolean } };
    };
    return bootstrap.dcs.failsafe_mode;
  };
  expect(made({})).toBe(true);
  expect(made({}, { enable_patroni_failsafe_mode: false })).toBe(false);
  expect(made({ patroni: { failsafe_mode: false } })).toBe(false);
});

test('a primary of a new cluster has as long to start as its container has to come back', () => {
  const made = (changes: Changes) => {
    const { bootstrap } = JSON.parse(spiloConfiguration(input({}, changes))) as {
      bootstrap: { dcs: { primary_start_timeout?: number } };
    };
    return bootstrap.dcs.primary_start_timeout;
  };
  expect(made({})).toBe(5);
  expect(made({ fast_failover_restart_timeout: 1_500 })).toBe(2);
  expect(made({ fast_failover_restart_timeout: 0 })).toBe(0);
  expect(made({ enable_fast_failover: false })).toBeUndefined();
});

test('quorum is a kind of synchronous mode', () => {
  const mode = (patroni: Postgresql['spec']['patroni']) =>
    declaredConfiguration(input(patroni === undefined ? {} : { patroni }))['synchronous_mode'];
  expect(mode({ synchronous_mode: true, synchronous_mode_quorum: true })).toBe('quorum');
  expect(mode({ synchronous_mode: true, synchronous_mode_quorum: false })).toBe(true);
  expect(mode({ synchronous_mode: false, synchronous_mode_quorum: true })).toBe(false);
});
