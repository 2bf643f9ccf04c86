import { identityOf } from '../input.ts';
import { poolersOf, poolerUser } from '../poolers.ts';
import type { ClusterRole } from './cluster-role.ts';
import type { RoleInput } from './role-input.ts';

/** The roles that Patroni makes; what they may and how they log in is kept as it is here. */
export function systemRoles({ manifest, configuration }: RoleInput): ClusterRole[] {
  const { super_username: superuser, replication_username: replication } = configuration;
  const secret = { namespace: identityOf(manifest).namespace };
  const rest = { origin: 'system', memberOf: [], admins: [], settings: {}, secret } as const;
  return [
    { name: superuser, source: 'super_username', flags: ['superuser'], ...rest },
    { name: replication, source: 'replication_username', flags: ['replication'], ...rest },
  ];
}

/** The role that poolers look up passwords with, if there is a pooler. */
export function poolerRoles(input: RoleInput): ClusterRole[] {
  if (poolersOf(input).length === 0) return [];
  const { user } = input.manifest.spec.connectionPooler ?? {};
  const name = poolerUser(input);
  return [
    {
      name,
      origin: 'pooler',
      source: name === user ? 'spec.connectionPooler.user' : 'connection_pooler_user',
      flags: [],
      memberOf: [],
      admins: [],
      settings: {},
      secret: { namespace: identityOf(input.manifest).namespace },
    },
  ];
}
