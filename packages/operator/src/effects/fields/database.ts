import type { Entry, Written } from '../effect.ts';

const prepared = (bar: object): Written => ({ spec: { preparedDatabases: { bar } } });

/** Fields about what is inside PostgreSQL. */
export const databaseFields: Record<string, Entry> = {
  'spec.users': {
    change: { spec: { users: { foo_user: [], bar: ['createdb'] } } },
    differs: [
      'PostgreSQL.roles[bar]',
      'Secret bar.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  'spec.databases': {
    change: { spec: { databases: { foo: 'foo_user', bar: 'foo_user' } } },
    differs: [
      'PostgreSQL.databases[bar]',
      // Which of the two is meant is not known.
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.dbname',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.jdbc-uri',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.uri',
    ],
  },
  'spec.usersIgnoringSecretRotation': {
    given: {
      spec: { users: { foo_user: [], bar: [] } },
      configuration: { enable_password_rotation: 'true' },
    },
    change: { spec: { usersIgnoringSecretRotation: ['bar'] } },
    differs: [
      'PostgreSQL.rotated',
      'Secret bar.acid-demo.credentials.postgresql.acid.zalan.do.data.nextRotation',
    ],
  },
  'spec.usersWithSecretRotation': {
    change: { spec: { usersWithSecretRotation: ['foo_user'] } },
    differs: [
      'PostgreSQL.rotated',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.nextRotation',
    ],
  },
  'spec.usersWithInPlaceSecretRotation': {
    change: { spec: { usersWithInPlaceSecretRotation: ['foo_user'] } },
    differs: ['Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.nextRotation'],
  },
  'spec.preparedDatabases': {
    change: { spec: { preparedDatabases: {} } },
    differs: [
      'PostgreSQL.databases[acid_demo]',
      'PostgreSQL.roles[acid_demo_data_owner]',
      'PostgreSQL.roles[acid_demo_data_reader]',
      'PostgreSQL.roles[acid_demo_data_writer]',
      'PostgreSQL.roles[acid_demo_owner]',
      'PostgreSQL.roles[acid_demo_reader]',
      'PostgreSQL.roles[acid_demo_writer]',
    ],
  },
  'spec.preparedDatabases.*.defaultUsers': {
    given: prepared({}),
    change: prepared({ defaultUsers: true }),
    differs: [
      'PostgreSQL.databases[bar].defaultPrivileges[1].owner',
      'PostgreSQL.databases[bar].defaultPrivileges[1].schema',
      'PostgreSQL.databases[bar].defaultPrivileges[2].owner',
      'PostgreSQL.databases[bar].defaultPrivileges[2].reader',
      'PostgreSQL.databases[bar].defaultPrivileges[2].writer',
      'PostgreSQL.databases[bar].defaultPrivileges[3].owner',
      'PostgreSQL.databases[bar].defaultPrivileges[4]',
      'PostgreSQL.databases[bar].defaultPrivileges[5]',
      'PostgreSQL.roles[bar_owner_user]',
      'PostgreSQL.roles[bar_reader_user]',
      'PostgreSQL.roles[bar_writer_user]',
      'Secret bar-owner-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-reader-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-writer-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar-owner-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar-reader-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar-writer-user.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  'spec.preparedDatabases.*.extensions': {
    given: prepared({}),
    change: prepared({ extensions: { hstore: 'data' } }),
    differs: ['PostgreSQL.databases[bar].extensions[hstore]'],
  },
  'spec.preparedDatabases.*.schemas.*.defaultRoles': {
    given: prepared({ schemas: { s: {} } }),
    change: prepared({ schemas: { s: { defaultRoles: false } } }),
    differs: [
      'PostgreSQL.databases[bar].defaultPrivileges[1]',
      'PostgreSQL.databases[bar].defaultPrivileges[2]',
      'PostgreSQL.databases[bar].defaultPrivileges[3]',
      'PostgreSQL.databases[bar].schemas[s].owner',
      'PostgreSQL.databases[bar].schemas[s].usage[2]',
      'PostgreSQL.databases[bar].schemas[s].usage[3]',
      'PostgreSQL.roles[bar_s_owner]',
      'PostgreSQL.roles[bar_s_reader]',
      'PostgreSQL.roles[bar_s_writer]',
    ],
  },
  'spec.preparedDatabases.*.schemas.*.defaultUsers': {
    given: prepared({ schemas: { s: {} } }),
    change: prepared({ schemas: { s: { defaultUsers: true } } }),
    differs: [
      'PostgreSQL.databases[bar].defaultPrivileges[2].owner',
      'PostgreSQL.databases[bar].defaultPrivileges[2].reader',
      'PostgreSQL.databases[bar].defaultPrivileges[2].writer',
      'PostgreSQL.databases[bar].defaultPrivileges[3].owner',
      'PostgreSQL.databases[bar].defaultPrivileges[4]',
      'PostgreSQL.databases[bar].defaultPrivileges[5]',
      'PostgreSQL.roles[bar_s_owner_user]',
      'PostgreSQL.roles[bar_s_reader_user]',
      'PostgreSQL.roles[bar_s_writer_user]',
      'Secret bar-s-owner-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-s-reader-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-s-writer-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar-s-owner-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar-s-reader-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret bar-s-writer-user.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  'spec.preparedDatabases.*.secretNamespace': {
    given: { ...prepared({ defaultUsers: true }), configuration: { enable_cross_namespace_secret: 'true' } },
    change: prepared({ defaultUsers: true, secretNamespace: 'apps' }),
    differs: [
      'Secret apps/bar-owner-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret apps/bar-reader-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret apps/bar-writer-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-owner-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-reader-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret bar-writer-user.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  'spec.streams[].applicationId': 'not yet',
  'spec.streams[].database': 'not yet',
  'spec.streams[].tables.*.eventType': 'not yet',
  'spec.streams[].tables.*.recoveryEventType': 'not yet',
  'spec.streams[].tables.*.ignoreRecovery': 'not yet',
  'spec.streams[].tables.*.idColumn': 'not yet',
  'spec.streams[].tables.*.payloadColumn': 'not yet',
  'spec.streams[].filter': 'not yet',
  'spec.streams[].batchSize': 'not yet',
  'spec.streams[].cpu': 'not yet',
  'spec.streams[].memory': 'not yet',
  'spec.streams[].enableRecovery': 'not yet',
};
