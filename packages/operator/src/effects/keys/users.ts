import type { Entry } from '../effect.ts';

/** System roles, rotation of passwords, upgrades. */
export const usersKeys: Record<string, Entry> = {
  additional_owner_roles: {
    change: { configuration: { additional_owner_roles: 'cron_admin' } },
    differs: ['PostgreSQL.roles[foo_user].memberOf'],
  },
  enable_password_rotation: {
    // `foo_user` owns a database, and stays as it is.
    given: { spec: { users: { foo_user: [], bar: [] } } },
    change: { configuration: { enable_password_rotation: 'true' } },
    differs: [
      'PostgreSQL.rotated',
      'Secret bar.acid-demo.credentials.postgresql.acid.zalan.do.data.nextRotation',
    ],
  },
  password_rotation_interval: {
    given: { spec: { usersWithSecretRotation: ['foo_user'] } },
    change: { configuration: { password_rotation_interval: '30' } },
    differs: ['Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.data.nextRotation'],
  },
  password_rotation_user_retention: {
    given: { spec: { usersWithSecretRotation: ['foo_user'] } },
    change: { configuration: { password_rotation_user_retention: '400' } },
    differs: ['PostgreSQL.rotated[0].keptSince'],
  },
  replication_username: {
    change: { configuration: { replication_username: 'copier' } },
    differs: [
      'PostgreSQL.roles[copier]',
      'PostgreSQL.roles[standby]',
      'Secret copier.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret standby.acid-demo.credentials.postgresql.acid.zalan.do',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PGPASSWORD_STANDBY].valueFrom.secretKeyRef.name',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PGUSER_STANDBY].value',
      'deletion delete secret copier.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret standby.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  super_username: {
    change: { configuration: { super_username: 'root' } },
    differs: [
      'PostgreSQL.roles[postgres]',
      'PostgreSQL.roles[root]',
      'Secret postgres.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret root.acid-demo.credentials.postgresql.acid.zalan.do',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PGPASSWORD_SUPERUSER].valueFrom.secretKeyRef.name',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PGUSER_SUPERUSER].value',
      'deletion delete secret postgres.acid-demo.credentials.postgresql.acid.zalan.do',
      'deletion delete secret root.acid-demo.credentials.postgresql.acid.zalan.do',
    ],
  },
  major_version_upgrade_mode: 'not yet',
  major_version_upgrade_team_allow_list: 'not yet',
  minimal_major_version: 'not yet',
  target_major_version: 'not yet',
};
