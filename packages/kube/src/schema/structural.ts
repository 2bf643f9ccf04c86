import type { FieldError } from './field-error.ts';
import { forbidden, invalid, notSupported, required } from './field-error.ts';
import type { Schema } from './schema.ts';
import { isObject } from './schema.ts';
import { compilePattern, validate } from './validate.ts';

const types = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean']);

/** What alternatives may not say: the structure is the same for all of them. */
const notInAlternatives = [
  'type',
  'description',
  'default',
  'nullable',
  'title',
  'additionalProperties',
] as const;

/**
 * Why a CustomResourceDefinition's schema cannot be served: it is not structural in Kubernetes' sense, or it
 * uses what this implementation does not serve (`x-kubernetes-validations`). Empty when it can.
 * `path` is where the schema stands, e.g. `spec.versions[0].schema.openAPIV3Schema`.
 */
export function structuralErrors(schema: Schema, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.type !== 'object')
    errors.push(
      schema.type
        ? invalid(`${path}.type`, schema.type, 'must be object at the root')
        : required(`${path}.type`, 'must not be empty at the root'),
    );
  check(schema, path, errors, true);
  return errors;
}

function check(schema: Schema, path: string, errors: FieldError[], root: boolean): void {
  const any: unknown = schema;
  if (!isObject(any)) {
    errors.push(invalid(path, any, 'must be a schema object'));
    return;
  }
  const { type } = schema;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type !== undefined && type !== '' && !types.has(type))
    errors.push(notSupported(`${path}.type`, type, [...types].sort()));
  if (!type && !intOrString && !preserve && !root)
    errors.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  if (intOrString && type)
    errors.push(invalid(`${path}.type`, type, 'must be empty if x-kubernetes-int-or-string is true'));
  if (schema.$ref !== undefined) errors.push(forbidden(`${path}.$ref`, '$ref is not supported'));
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (schema['x-kubernetes-validations'] !== undefined && schema['x-kubernetes-validations'].length > 0) {
    const why =
      'CEL validation rules are not supported here: remove them, or use pattern, minimum, enum and the like';
    errors.push(forbidden(`${path}.x-kubernetes-validations`, why));
  }
  checkExtensions(schema, path, errors);
  if (schema.pattern !== undefined && compilePattern(schema.pattern) === undefined)
    errors.push(invalid(`${path}.pattern`, schema.pattern, 'must be a valid regular expression'));
  if (schema.properties && schema.additionalProperties !== undefined && schema.additionalProperties !== false)
    errors.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  if (schema.additionalProperties === false && schema.properties)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used together with properties'));
  if (type === 'array' && !schema.items) errors.push(required(`${path}.items`, 'must be specified'));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.properties[${name}]`;
    if (root && name === 'metadata') checkMetadata(property, at, errors);
    else check(property, at, errors, false);
  }
  if (schema.items) check(schema.items, `${path}.items`, errors, false);
  if (typeof schema.additionalProperties === 'object')
    check(schema.additionalProperties, `${path}.additionalProperties`, errors, false);
  checkAlternatives(schema, path, errors);
  if (schema.default !== undefined) {
    for (const error of validate(schema, schema.default, `${path}.default`)) errors.push(error);
  }
}

/** Only name and generateName may be restricted. */
function checkMetadata(schema: Schema, path: string, errors: FieldError[]): void {
  if (schema.type !== undefined && schema.type !== 'object')
    errors.push(invalid(`${path}.type`, schema.type, 'must be object'));
  for (const name of Object.keys(schema.properties ?? {})) {
    if (name !== 'name' && name !== 'generateName')
      errors.push(forbidden(`${path}.properties[${name}]`, 'only name and generateName may be restricted'));
  }
}

function checkExtensions(schema: Schema, path: string, errors: FieldError[]): void {
  const { type } = schema;
  if (schema['x-kubernetes-embedded-resource'] && type !== 'object')
    errors.push(invalid(`${path}.type`, type, 'must be object if x-kubernetes-embedded-resource is true'));
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (listType !== undefined) {
    if (!['atomic', 'set', 'map'].includes(listType))
      errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
    if (type !== 'array')
      errors.push(
        invalid(`${path}.type`, type ?? '', 'must be array if x-kubernetes-list-type is specified'),
      );
  }
  if (listType === 'map') {
    if (keys.length === 0)
      errors.push(
        required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
      );
    for (const [index, key] of keys.entries()) {
      const property = schema.items?.properties?.[key];
      const at = `${path}.x-kubernetes-list-map-keys[${index}]`;
      if (!property) errors.push(invalid(at, key, 'entries must all be names of item properties'));
      else if (property.default === undefined && !schema.items?.required?.includes(key))
        errors.push(
          required(
            `${path}.items.properties[${key}].default`,
            'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
          ),
        );
    }
  } else if (keys.length > 0) {
    errors.push(
      forbidden(`${path}.x-kubernetes-list-map-keys`, 'must not be used without x-kubernetes-list-type map'),
    );
  }
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular')
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
}

function checkAlternatives(schema: Schema, path: string, errors: FieldError[]): void {
  const inside: [Schema, string][] = [];
  for (const word of ['allOf', 'anyOf', 'oneOf'] as const)
    (schema[word] ?? []).forEach((option, index) => inside.push([option, `${path}.${word}[${index}]`]));
  if (schema.not) inside.push([schema.not, `${path}.not`]);
  for (const [option, at] of inside) checkAlternative(option, schema, at, errors);
}

/** An alternative only restricts values; every field that it names is in the structure beside it. */
function checkAlternative(option: Schema, structure: Schema, path: string, errors: FieldError[]): void {
  for (const word of notInAlternatives) {
    // The one exception: what int-or-string means, spelled out.
    if (word === 'type' && structure['x-kubernetes-int-or-string']) continue;
    if (option[word] !== undefined && option[word] !== '')
      errors.push(forbidden(`${path}.${word}`, 'must be empty to be structural'));
  }
  for (const key of Object.keys(option)) {
    if (key.startsWith('x-kubernetes-'))
      errors.push(forbidden(`${path}.${key}`, 'must be undefined to be structural'));
  }
  for (const [name, property] of Object.entries(option.properties ?? {})) {
    const beside = structure.properties?.[name];
    const at = `${path}.properties[${name}]`;
    if (beside) checkAlternative(property, beside, at, errors);
    else if (typeof structure.additionalProperties === 'object')
      checkAlternative(property, structure.additionalProperties, at, errors);
    else
      errors.push(
        required(at.replace(/\.(allOf|anyOf|oneOf)\[\d+\]|\.not/, ''), `because it is defined in ${at}`),
      );
  }
  if (option.items && structure.items)
    checkAlternative(option.items, structure.items, `${path}.items`, errors);
  const { not: _not, ...base } = structure;
  checkAlternatives({ ...base, ...pick(option) }, path, errors);
}

function pick({ allOf, anyOf, oneOf, not }: Schema): Schema {
  const none: Schema = { allOf: allOf ?? [], anyOf: anyOf ?? [], oneOf: oneOf ?? [] };
  return not ? { ...none, not } : none;
}
