import { builtinSchema, objectMetaSchema, type Schema } from '@pgherd/kube/schema';
import type { GroupVersionKind } from '@pgherd/kube/objects';

/** The schema of a built-in kind. */
export function builtinSchemaOf(gvk: GroupVersionKind): Schema | undefined {
  return builtinSchema({ group: gvk.group, version: gvk.version, kind: gvk.kind });
}

/** The schema of `metadata`. */
export function metadataSchema(): Schema {
  return objectMetaSchema;
}
