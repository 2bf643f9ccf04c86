export * from './schema.ts';
export * from './field-error.ts';
export * from './list-types.ts';
export { validate, compilePattern } from './validate.ts';
export { applyDefaults } from './defaults.ts';
export { prune, unknownFieldMessage } from './prune.ts';
export type { PruneOptions } from './prune.ts';
export {
  builtinSchema,
  builtinDefinition,
  builtinDefinitions,
  builtinDefinitionName,
  builtinSource,
  objectMetaSchema,
} from './builtin.ts';
export { structuralErrors } from './structural.ts';
export { coreTypeSchema } from './core-type.ts';
export { applyBuiltinDefaults } from './builtin-defaults.ts';
