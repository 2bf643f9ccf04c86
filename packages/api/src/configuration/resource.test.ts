import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultConfiguration } from './assemble.ts';
import { groups } from './key.ts';
import { type Configuration, type Key, configurationKeys } from './keys.ts';
import { overlay } from './overlay.ts';
import { parseConfiguration } from './parse.ts';
import { parseOperatorConfiguration } from './resource.ts';
import { withoutSecrets, writeValue } from './written.ts';

const keys = Object.entries(configurationKeys as Record<string, Key<unknown>>);

/** An `OperatorConfiguration` with one setting, in its group. */
function resourceWith(name: string, value: unknown): { configuration: Record<string, unknown> } {
  const group = configurationKeys[name as keyof Configuration].group;
  return { configuration: group === '' ? { [name]: value } : { [group]: { [name]: value } } };
}

function told(resource: unknown): string[] {
  return parseOperatorConfiguration(resource).problems.map(({ severity, field }) => `${severity} ${field}`);
}

test('an empty resource means the defaults of its form, whatever groups are there', () => {
  const named = Object.fromEntries(Object.keys(groups).flatMap((name) => (name === '' ? [] : [[name, {}]])));
  for (const configuration of [{}, named]) {
    const parsed = parseOperatorConfiguration({ configuration });
    expect(parsed.problems).toEqual([]);
    expect(parsed.configuration).toEqual(defaultConfiguration('OperatorConfiguration'));
  }
  const differing = keys
    .filter(([name]) => {
      const [flat, grouped] = [defaultConfiguration(), defaultConfiguration('OperatorConfiguration')];
      const both = [flat, grouped].map((each) => JSON.stringify(each[name as keyof Configuration]));
      return both[0] !== both[1];
    })
    .map(([name]) => name);
  expect(differing).toEqual(['oauth_token_secret_name', 'enable_teams_api']);
});

test('both forms say the same', () => {
  const grouped = parseOperatorConfiguration({
    configuration: {
      workers: 4,
      sidecars: [{ name: 'exporter', image: 'exporter:1' }],
      users: { password_rotation_interval: 30 },
      kubernetes: {
        cluster_labels: { application: 'spilo', env: 'prod' },
        infrastructure_roles_secrets: [{ secretname: 'a', userkey: 'u', defaultrolevalue: 'r' }],
        inherited_labels: ['a', 'b'],
        liveness_probe: { httpGet: { path: '/liveness', port: 8008 } },
        oauth_token_secret_name: 'other/token',
        pod_terminate_grace_period: '1m',
        spilo_runasuser: 0,
      },
      teams_api: { enable_teams_api: true },
    },
  });
  const flat = parseConfiguration({
    workers: '4',
    sidecars: '[{"name":"exporter","image":"exporter:1"}]',
    password_rotation_interval: '30',
    cluster_labels: 'application:spilo,env:prod',
    infrastructure_roles_secrets: 'secretname: a, userkey: u, defaultrolevalue: r',
    inherited_labels: 'a,b',
    liveness_probe: '{"httpGet":{"path":"/liveness","port":8008}}',
    oauth_token_secret_name: 'other/token',
    pod_terminate_grace_period: '60s',
    spilo_runasuser: '0',
  });
  expect(grouped.configuration).toEqual(flat.configuration);
  expect([...grouped.problems, ...flat.problems].filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(flat.configuration).toMatchObject({
    infrastructure_roles_secrets: [{ secretname: { name: 'a' }, userkey: 'u', defaultrolevalue: 'r' }],
    oauth_token_secret_name: { namespace: 'other', name: 'token' },
  });
});

test('every default can be written in either form, and is read as itself', () => {
  for (const [name, key] of keys) {
    for (const form of ['ConfigMap', 'OperatorConfiguration'] as const) {
      const byDefault: unknown = defaultConfiguration(form)[name as keyof Configuration];
      const written = writeValue(key, byDefault);
      if (written === '') continue;
      const grouped = key.kind.schema.type === 'string' ? written : byDefault;
      const parsed =
        form === 'ConfigMap'
          ? parseConfiguration({ [name]: written })
          : parseOperatorConfiguration(resourceWith(name, grouped));
      expect(parsed.problems, name).toEqual([]);
      expect(parsed.configuration[name as keyof Configuration], name).toEqual(byDefault);
    }
  }
});

test.each(keys)('a wrong value of %s is named with what it takes', (name, key) => {
  const { problems, configuration } = parseOperatorConfiguration(resourceWith(name, [[{}]]));
  expect(problems).toMatchObject([
    { severity: 'error', field: expect.stringMatching(`\\.${name}$`) as string },
  ]);
  expect(problems[0]?.message).toMatch(
    key.secret ? /expected .+ not what is there/ : /expected .+, not `\[\[\{\}\]\]`/,
  );
  expect(configuration).toEqual(defaultConfiguration('OperatorConfiguration'));
});

test.each([
  ['no configuration', {}, ['error configuration']],
  ['no object', null, ['error configuration']],
  ['spec', { spec: {}, configuration: {} }, ['warning spec']],
  ['a group that is none', { configuration: { debug: 5 } }, ['error configuration.debug']],
  ['null', { configuration: { debug: null, workers: null } }, []],
  ['another group', { configuration: { debug: { workers: 2 } } }, ['warning configuration.debug.workers']],
  ['unknown', { configuration: { debug: { workerz: 2 } } }, ['warning configuration.debug.workerz']],
  ['too small', { configuration: { workers: 0 } }, ['error configuration.workers']],
  [
    'too large',
    { configuration: { logging_rest_api: { api_port: 70_000 } } },
    ['error configuration.logging_rest_api.api_port'],
  ],
  [
    'a constant that no form takes',
    { configuration: { kubernetes: { toleration: { effect: 'Sometimes' } } } },
    ['error configuration.kubernetes.toleration'],
  ],
  [
    'gone since v2',
    { configuration: { load_balancer: { enable_load_balancer: true } } },
    ['warning configuration.load_balancer.enable_load_balancer'],
  ],
])('%s', (_name, resource, expected) => {
  expect(told(resource)).toEqual(expected);
});

test('a pooler keeps the two pods that this form has always given it', () => {
  const { configuration, problems } = parseOperatorConfiguration(
    resourceWith('connection_pooler_number_of_instances', 1),
  );
  expect(configuration.connection_pooler_number_of_instances).toBe(2);
  expect(problems).toMatchObject([{ severity: 'warning' }]);
});

test('as it was written in 2018', () => {
  const flat = parseConfiguration({
    toleration: 'key:postgres,operator:Exists,effect:NoSchedule',
    node_readiness_label: 'lifecycle-status:ready,pool:db',
    enable_load_balancer: 'true',
    workers: '4',
  });
  expect(flat.configuration).toMatchObject({
    toleration: { key: 'postgres', operator: 'Exists', effect: 'NoSchedule' },
    node_readiness_label: { 'lifecycle-status': 'ready', pool: 'db' },
    enable_master_load_balancer: false,
    workers: 4,
  });
  expect(flat.problems.map(({ severity, field }) => `${severity} ${field}`)).toEqual([
    'warning enable_load_balancer',
  ]);
  // The same text where an object belongs is read, and told.
  const old = resourceWith('toleration', 'key:postgres,operator:Exists,effect:NoSchedule');
  const grouped = parseOperatorConfiguration(old);
  expect(grouped.configuration.toleration).toEqual(flat.configuration.toleration);
  expect(grouped.problems).toMatchObject([
    { severity: 'warning', field: 'configuration.kubernetes.toleration' },
  ]);
});

test('no credential is in a message, nor in what is shown', () => {
  const secret = 'TOPSECRET';
  for (const [name] of keys.filter(([, key]) => key.secret)) {
    const wrong = parseOperatorConfiguration(resourceWith(name, [secret]));
    expect(JSON.stringify(wrong.problems)).not.toContain(secret);
    const { configuration } = parseConfiguration({ [name]: secret });
    expect(configuration[name as keyof Configuration]).toBe(secret);
    expect(JSON.stringify(withoutSecrets(configuration))).not.toContain(secret);
  }
});

test('the environment wins, and the configuration under it stays as it was', () => {
  const below = parseConfiguration({ watched_namespace: 'one' }).configuration;
  const { configuration, problems } = overlay(below, {
    environment: { WATCHED_NAMESPACE: '*', SCALYR_API_KEY: 'k' },
    noDatabaseAccess: true,
    noTeamsApi: true,
  });
  expect(configuration).toEqual({
    ...below,
    watched_namespace: '*',
    scalyr_api_key: 'k',
    enable_database_access: false,
    enable_teams_api: false,
  });
  expect(below.watched_namespace).toBe('one');
  expect(problems).toMatchObject([{ severity: 'warning', field: 'SCALYR_API_KEY' }]);
  const none = overlay(below, { environment: { WATCHED_NAMESPACE: '', SCALYR_API_KEY: undefined } });
  expect(none).toEqual({ configuration: below, problems: [] });
  const wrong = overlay(below, { environment: { WATCHED_NAMESPACE: 'a,*' } });
  expect(wrong.configuration.watched_namespace).toBe('one');
  expect(wrong.problems).toMatchObject([{ severity: 'error', field: 'WATCHED_NAMESPACE' }]);
});

/** A good configuration of every key, mutated at some of them. */
const mutated = fc.array(fc.tuple(fc.constantFrom(...keys.map(([name]) => name)), fc.jsonValue()), {
  minLength: 1,
  maxLength: 8,
});

test('a thousand mutated configurations: never an exception, always complete, what is wrong is named', () => {
  const complete = Object.keys(defaultConfiguration());
  fc.assert(
    fc.property(mutated, (mutations) => {
      const configuration: Record<string, unknown> = {};
      for (const [name, value] of mutations) {
        const { group } = configurationKeys[name as keyof Configuration];
        const parent = group === '' ? configuration : (configuration[group] ??= {});
        (parent as Record<string, unknown>)[name] = value;
      }
      const grouped = parseOperatorConfiguration({ configuration });
      const flat = parseConfiguration(Object.fromEntries(mutations));
      for (const parsed of [grouped, flat]) {
        expect(Object.keys(parsed.configuration)).toEqual(complete);
        // Whatever was taken has the type of the setting.
        const ofWrongType = keys.filter(([name, key]) => {
          const value: unknown = parsed.configuration[name as keyof Configuration];
          const none = 'empty' in key.kind && key.kind.empty === undefined ? ['undefined'] : [];
          const some = key.default === undefined ? ['string', 'object'] : [typeof key.default];
          return ![...none, ...some].includes(typeof value);
        });
        expect(ofWrongType).toEqual([]);
        for (const { field, message } of parsed.problems) {
          expect(complete).toContain(field.slice(field.lastIndexOf('.') + 1));
          expect(message).not.toBe('');
        }
      }
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), (anything) => {
      for (const resource of [anything, { configuration: anything }])
        expect(Object.keys(parseOperatorConfiguration(resource).configuration)).toEqual(complete);
    }),
  );
});

test('Secrets with roles are written as they are read', () => {
  const { kind } = configurationKeys.infrastructure_roles_secrets;
  const text = '[{"secretname":"a/b","userkey":"u","details":"d"},{"secretname":"c","template":true}]';
  expect(kind.write?.(kind.parse(text))).toBe(text);
});
