import { poolerName, type ServiceRole } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { isSet } from './variables.ts';

/** A connection pooler that the manifest asks for. */
export interface Pooler {
  name: string;
  /** Which members it connects to. */
  role: ServiceRole;
}

/** The poolers of a cluster: that of the primary also if only its section is there, unless it is switched off. */
export function poolersOf({ manifest }: Pick<RenderInput, 'manifest'>): Pooler[] {
  const { spec } = manifest;
  const { name } = identityOf(manifest);
  const ofPrimary = spec.enableConnectionPooler ?? spec.connectionPooler !== undefined;
  const roles: ServiceRole[] = [
    ...(ofPrimary ? ['master' as const] : []),
    ...(spec.enableReplicaConnectionPooler === true ? ['replica' as const] : []),
  ];
  return roles.map((role) => ({ name: poolerName(name, role), role }));
}

/** Role that poolers look up passwords with; a manifest cannot have them do that as superuser or as a system role. */
export function poolerUser({
  manifest,
  configuration,
}: Pick<RenderInput, 'manifest' | 'configuration'>): string {
  const { super_username, replication_username, protected_role_names, connection_pooler_user } =
    configuration;
  const user = manifest.spec.connectionPooler?.user ?? '';
  const forbidden = ['', super_username, replication_username, ...protected_role_names];
  return forbidden.includes(user) ? connection_pooler_user : user;
}

/** Schema with the function that poolers look up passwords with. */
export function poolerSchema({
  manifest,
  configuration,
}: Pick<RenderInput, 'manifest' | 'configuration'>): string {
  const { schema } = manifest.spec.connectionPooler ?? {};
  return isSet(schema) ? schema : configuration.connection_pooler_schema;
}
