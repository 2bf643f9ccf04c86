import { list } from '../collections.ts';
import { inGroup, notYet } from '../key.ts';
import { majorVersion, oneOf } from '../words.ts';

const users = inGroup('users');
const upgrade = inGroup('major_version_upgrade');

export const userKeys = {
  additional_owner_roles: users.key({
    kind: list,
    default: [],
    description:
      'Roles that every role of a manifest that owns a database becomes a member of, and every owner role of a prepared database. They must exist.',
  }),
  enable_password_rotation: users.flag(
    false,
    'Whether passwords of roles of manifests that own no database are changed regularly.',
  ),
  password_rotation_interval: users.count(90, 'After how many days a password is changed.', {
    unit: 'days',
    minimum: 1,
  }),
  password_rotation_user_retention: users.count(
    180,
    'After how many days roles with old passwords are dropped; at least twice the interval is always kept.',
    {
      unit: 'days',
      minimum: 0,
      inResource: {
        zalando: '120 if the group `users` is there, else 180',
        decision: '180 in both forms: what is kept longer is not lost.',
      },
    },
  ),
  replication_username: users.words('standby', 'Role that replicas connect with; Patroni creates it.', {
    nonEmpty: true,
  }),
  super_username: users.words('postgres', 'Superuser role; Patroni creates it.', { nonEmpty: true }),
};

export const upgradeKeys = {
  major_version_upgrade_mode: upgrade.key({
    kind: oneOf('off', 'manual', 'full'),
    default: 'manual',
    description:
      '`manual`: a cluster is upgraded when its manifest says a newer version; `full`: also when it is older than `minimal_major_version`; `off`: never.',
    ...notYet,
  }),
  major_version_upgrade_team_allow_list: upgrade.key({
    kind: list,
    default: [],
    description: 'Teams whose clusters may be upgraded although the mode is `off`.',
    ...notYet,
  }),
  minimal_major_version: upgrade.key({
    kind: majorVersion,
    default: '14',
    description: 'Clusters older than this are upgraded in the mode `full`.',
    ...notYet,
  }),
  target_major_version: upgrade.key({
    kind: majorVersion,
    default: '18',
    description: 'Version that the mode `full` upgrades to.',
    ...notYet,
  }),
};
