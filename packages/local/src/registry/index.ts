export * from './registry.ts';
export * from './open-registry.ts';
export type { ResourceDefinition, CustomKind } from './definition.ts';
