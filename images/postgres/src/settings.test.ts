import { expect, test } from 'vitest';
import { parseSettings, SettingsError } from './settings.ts';

const minimal = {
  DCS_ENABLE_KUBERNETES_API: 'true',
  SCOPE: 'demo',
  HOSTNAME: 'demo-0',
  POD_IP: '10.0.0.7',
  POD_NAMESPACE: 'team',
  PGPASSWORD_SUPERUSER: 's3cret',
  PGPASSWORD_STANDBY: 's4cret',
};

test('Spilo defaults apply where the environment is silent', () => {
  const settings = parseSettings(minimal);
  expect(settings).toMatchObject({
    scope: 'demo',
    memberName: 'demo-0',
    namespace: 'team',
    superuser: { username: 'postgres', password: 's3cret' },
    standby: { username: 'standby', password: 's4cret' },
    people: { role: 'zalandos', login: 'off' },
    postgresPort: 5432,
    restApiPort: 8008,
    useConfigMaps: false,
    warnings: [],
  });
  expect(settings.paths.data).toBe('/home/postgres/pgdata/pgroot/data');
  expect(settings.kubernetes).toEqual({
    scope_label: 'version',
    role_label: 'spilo-role',
    leader_label_value: 'master',
    standby_leader_label_value: 'master',
    bypass_api_service: true,
    labels: { application: 'spilo' },
  });
});

test('KUBERNETES_x becomes key x, without in-cluster discovery and service links', () => {
  const { kubernetes } = parseSettings({
    ...minimal,
    KUBERNETES_SCOPE_LABEL: 'cluster-name',
    KUBERNETES_LEADER_LABEL_VALUE: 'primary',
    KUBERNETES_BYPASS_API_SERVICE: 'false',
    KUBERNETES_LABELS: '{"application":"spilo","team":"acid"}',
    KUBERNETES_BOOTSTRAP_LABELS: '{"critical-operation":"true"}',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
  });
  expect(kubernetes).toEqual({
    scope_label: 'cluster-name',
    role_label: 'spilo-role',
    leader_label_value: 'primary',
    standby_leader_label_value: 'master',
    bypass_api_service: false,
    labels: { application: 'spilo', team: 'acid' },
    bootstrap_labels: { 'critical-operation': 'true' },
  });
});

test.each([
  ['SCOPE', { ...minimal, SCOPE: '' }],
  ['PGPASSWORD_SUPERUSER', { ...minimal, PGPASSWORD_SUPERUSER: undefined }],
  ['DCS_ENABLE_KUBERNETES_API', { ...minimal, DCS_ENABLE_KUBERNETES_API: undefined }],
  ['SPILO_CONFIGURATION', { ...minimal, SPILO_CONFIGURATION: '{"postgresql": [' }],
  ['SPILO_CONFIGURATION', { ...minimal, SPILO_CONFIGURATION: '[1]' }],
  ['PGPORT', { ...minimal, PGPORT: 'five' }],
  ['CLONE_METHOD', { ...minimal, CLONE_METHOD: 'CLONE_WITH_WALE' }],
  ['CLONE_HOST', { ...minimal, CLONE_METHOD: 'CLONE_WITH_BASEBACKUP', CLONE_SCOPE: 'source' }],
  ['STANDBY_WALE_S3_PREFIX', { ...minimal, STANDBY_WALE_S3_PREFIX: 's3://bucket/x' }],
])('a bad or missing %s is refused by name', (variable, environment) => {
  expect(() => parseSettings(environment)).toThrow(SettingsError);
  expect(() => parseSettings(environment)).toThrow(`${variable}:`);
});

test('what is asked for and not done is said', () => {
  const { warnings } = parseSettings({ ...minimal, WAL_S3_BUCKET: 'archive', CRONTAB: '' });
  expect(warnings).toEqual([
    'WAL_S3_BUCKET is set, but WAL is not archived (not supported by this image yet)',
  ]);
});

test('SPILO_CONFIGURATION wins over PATRONI_CONFIGURATION and may be YAML', () => {
  const { override } = parseSettings({
    ...minimal,
    SPILO_CONFIGURATION: 'bootstrap:\n  dcs:\n    ttl: 20\n',
    PATRONI_CONFIGURATION: '{"bootstrap": {}}',
  });
  expect(override).toEqual({ bootstrap: { dcs: { ttl: 20 } } });
});

test('certificates that are given are used, else one is made', () => {
  expect(parseSettings(minimal).tls).toMatchObject({
    privateKeyFile: '/run/certs/server.key',
    selfSigned: true,
  });
  const given = {
    SSL_PRIVATE_KEY_FILE: '/tls/tls.key',
    SSL_CERTIFICATE_FILE: '/tls/tls.crt',
    SSL_CA_FILE: '/tls/ca.crt',
  };
  expect(parseSettings({ ...minimal, ...given }).tls).toEqual({
    certificateFile: '/tls/tls.crt',
    privateKeyFile: '/tls/tls.key',
    caFile: '/tls/ca.crt',
    crlFile: '',
    selfSigned: false,
  });
});
