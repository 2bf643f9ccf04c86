export * from './schema/json-schema.ts';
export * from './schema/fields.ts';
export * from './schema/definition-version.ts';
export type { Infer, Node } from './schema/node.ts';
export * from './postgresql/postgresql.ts';
export * from './postgresql/spec.ts';
export * from './postgresql/status.ts';
export * from './postgresql/roles.ts';
export * from './postgresql/crd.ts';
export * from './postgres-team/postgres-team.ts';
export * from './postgres-team/crd.ts';
export { withCurrentFields } from './postgresql/old-fields.ts';
export * from './problem.ts';
export {
  type Key,
  type Group,
  groups,
  configurationKeys,
  type Configuration,
  type ConfigurationKey,
} from './configuration/keys.ts';
export { type Form, type ParsedConfiguration, defaultConfiguration } from './configuration/assemble.ts';
export * from './configuration/parse.ts';
export * from './configuration/resource.ts';
export * from './configuration/overlay.ts';
export * from './configuration/written.ts';
export * from './configuration/crd.ts';
export { oldKeys } from './configuration/old-keys.ts';
export { parseDuration } from './configuration/value.ts';
export type { InfrastructureRoleSecret } from './configuration/structures.ts';
export type { NamespacedName } from './configuration/words.ts';
export * from './configuration/role-details.ts';
export * from './field-support.ts';
export { isOwnImage } from './own-image.ts';
export { unsupportedBootstrap } from './validation/unsupported-bootstrap.ts';
export { forbiddenContainers } from './validation/containers.ts';
export { validatePostgresql } from './validation/validate.ts';
export { parseQuantity } from './quantity.ts';
export { databaseName, roleName } from './postgresql/patterns.ts';
export { postgresVersions } from './postgresql/server.ts';
