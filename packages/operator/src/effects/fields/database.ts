import type { Entry } from '../effect.ts';

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
    differs: ['PostgreSQL.databases[bar]'],
  },
  'spec.usersIgnoringSecretRotation': 'not yet',
  'spec.usersWithSecretRotation': 'not yet',
  'spec.usersWithInPlaceSecretRotation': 'not yet',
  'spec.preparedDatabases': 'not yet',
  'spec.preparedDatabases.*.defaultUsers': 'not yet',
  'spec.preparedDatabases.*.extensions': 'not yet',
  'spec.preparedDatabases.*.schemas.*.defaultRoles': 'not yet',
  'spec.preparedDatabases.*.schemas.*.defaultUsers': 'not yet',
  'spec.preparedDatabases.*.secretNamespace': 'not yet',
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
