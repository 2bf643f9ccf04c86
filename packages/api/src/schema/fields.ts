import type { JsonSchema } from './json-schema.ts';

/** One field of a resource, as the reference documentation and the support table see it. */
export interface Field {
  /** E.g. `spec.preparedDatabases.*.schemas`, `spec.sidecars[].name`. */
  path: string;
  schema: JsonSchema;
  required: boolean;
}

/**
 * Every field below `schema`, parents before children, in the order of definition. Inside a type of Kubernetes' core
 * API it does not look: that one is acted on as a whole or not at all.
 */
export function fieldsOf(schema: JsonSchema, prefix: string): Field[] {
  const fields: Field[] = [];
  const visitChildren = (parent: JsonSchema, path: string): void => {
    for (const [name, child] of Object.entries(parent.properties ?? {})) {
      const childPath = `${path}.${name}`;
      fields.push({ path: childPath, schema: child, required: parent.required?.includes(name) ?? false });
      visitChildren(child, childPath);
    }
    if (typeof parent.additionalProperties === 'object')
      visitChildren(parent.additionalProperties, `${path}.*`);
    if (parent.items) visitChildren(parent.items, `${path}[]`);
  };
  visitChildren(schema, prefix);
  return fields;
}

/** In one line what values `schema` accepts, e.g. `map of list of string`. */
export function typeName(schema: JsonSchema): string {
  if (schema['x-pgherd-core-type']) return schema['x-pgherd-core-type'];
  if (schema.type === 'array') return `list of ${typeName(schema.items ?? {})}`;
  if (typeof schema.additionalProperties === 'object')
    return `map of ${typeName(schema.additionalProperties)}`;
  if (schema.type === 'integer' && schema.format) return schema.format;
  return schema.type ?? 'any';
}

/** The conditions that a value must meet besides its type, in words; empty when there are none. */
export function rulesOf(schema: JsonSchema): string[] {
  const rules: string[] = [];
  const own = schema.items ?? schema;
  if (own.enum) rules.push(`one of ${own.enum.map((value) => `\`${value}\``).join(', ')}`);
  if (own.minimum !== undefined) rules.push(`at least ${own.minimum}`);
  if (own.maximum !== undefined) rules.push(`at most ${own.maximum}`);
  if (own.maxLength !== undefined) rules.push(`at most ${own.maxLength} characters`);
  if (own.format !== undefined && own.type === 'string') rules.push(`a ${own.format}`);
  if (own.pattern) rules.push(`matches \`${own.pattern}\``);
  if (schema.nullable) rules.push('may be `null`');
  return rules;
}
