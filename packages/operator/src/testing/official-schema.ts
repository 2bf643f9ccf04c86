import { apiVersionOf, type KubeObject } from '@pgherd/kube/objects';
import { builtinSchema, fieldErrorMessage, prune, validate } from '@pgherd/kube/schema';
import type { Desired } from '../kinds.ts';

/** What is wrong with rendered objects under Kubernetes' published schemas: unknown fields, missing ones, types. */
export function schemaProblems(objects: Desired[]): string[] {
  return objects.flatMap(({ kind, object }) => {
    const { group, version, kind: word } = kind;
    const name = `${word} ${object.metadata.name ?? ''}`;
    const schema = builtinSchema({ group, version, kind: word });
    if (schema === undefined) return [`${name}: no schema of ${apiVersionOf(kind)}`];
    const copy: KubeObject = structuredClone(object);
    const unknown = prune(schema, copy, { isResourceRoot: true }).map((path) => `unknown field ${path}`);
    const wrong = validate(schema, object).map(fieldErrorMessage);
    return [...unknown, ...wrong].map((problem) => `${name}: ${problem}`);
  });
}
