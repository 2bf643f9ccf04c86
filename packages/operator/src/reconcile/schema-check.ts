import {
  postgresqlSchema,
  resolveCoreTypes,
  type JsonSchema,
  type Postgresql,
  type Problem,
} from '@pgherd/api';
import {
  builtinDefinition,
  fieldErrorBody,
  validate,
  type FieldError,
  type Schema,
} from '@pgherd/kube/schema';

const coreGroups = ['io.k8s.api.core.v1.', 'io.k8s.apimachinery.pkg.apis.meta.v1.'];

function coreType(name: string): JsonSchema {
  const found = coreGroups.map((group) => builtinDefinition(group + name)).find((each) => each !== undefined);
  if (found === undefined) throw new Error(`Kubernetes has no type ${name}`);
  return found as JsonSchema;
}

/** Structural schema of a whole manifest, with Kubernetes' own types filled in. */
export const manifestSchema = resolveCoreTypes(postgresqlSchema, coreType) as Schema;

/**
 * What the schema of this release has against a manifest. The API server asks the same, but perhaps with the schema of
 * another release, with none at all, or it stored the manifest before.
 */
export function checkSchema(manifest: Postgresql): Problem[] {
  const { spec } = manifest;
  return validate(manifestSchema, { metadata: {}, ...(spec === undefined ? {} : { spec }) }).map((error) => ({
    severity: 'error',
    field: fieldOf(error),
    message: `${fieldErrorBody(error)}.`,
  }));
}

/** Of alternatives that all fail Kubernetes says no field, but names it in its words. */
function fieldOf({ field, detail }: FieldError): string {
  if (field.startsWith('spec')) return field;
  return /"(spec[^"]*)"/.exec(detail)?.[1] ?? 'spec';
}
