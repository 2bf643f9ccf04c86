import type { Schema } from '@pgherd/kube/schema';
import type { PublishedKind } from './kinds.ts';
import { definitionsOf } from './kinds.ts';
import type { Operation, Parameter } from './operations.ts';
import { pathsOf } from './operations.ts';

const prefix = '#/components/schemas/';

/** A schema in the notation of v3: references elsewhere, next to a description only inside `allOf`. */
function toV3(schema: Schema): Schema {
  const { $ref, ...rest } = schema;
  const result: Schema = { ...rest };
  if ($ref !== undefined) {
    const target = { $ref: $ref.replace('#/definitions/', prefix) };
    return Object.keys(rest).length === 0 ? target : { ...rest, allOf: [target] };
  }
  if (schema.properties) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, toV3(property)]),
    );
  }
  if (schema.items) result.items = toV3(schema.items);
  if (typeof schema.additionalProperties === 'object')
    result.additionalProperties = toV3(schema.additionalProperties);
  return result;
}

function component(name: string, definition: Schema): Schema {
  if (name.endsWith('.resource.Quantity')) {
    const { type: _type, ...rest } = definition;
    return { ...rest, oneOf: [{ type: 'string' }, { type: 'number' }] };
  }
  if (name.endsWith('.intstr.IntOrString')) {
    const { type: _type, ...rest } = definition;
    return { ...rest, oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }
  return toV3(definition);
}

function parameter({ name, in: place, type, description }: Parameter): unknown {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  };
}

function operation(o: Operation): unknown {
  const content = (types: string[], name: string): unknown =>
    Object.fromEntries(types.map((type) => [type, { schema: { $ref: prefix + name } }]));
  return {
    operationId: o.id,
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': o.gvk,
    parameters: o.parameters.map(parameter),
    ...(o.body === undefined ? {} : { requestBody: { content: content(o.consumes, o.body) } }),
    responses: {
      '200': { description: 'OK', content: content(['application/json', 'application/yaml'], o.result) },
    },
  };
}

/** The OpenAPI v3 document of the kinds of one group and version. */
export function documentV3(kinds: readonly PublishedKind[], version: string): unknown {
  const paths = Object.fromEntries(
    kinds.flatMap(pathsOf).map((path) => [
      path.path,
      {
        parameters: path.parameters.map(parameter),
        ...Object.fromEntries(path.operations.map((o) => [o.method, operation(o)])),
      },
    ]),
  );
  const schemas = Object.fromEntries(
    Object.entries(definitionsOf(kinds)).map(([name, definition]) => [name, component(name, definition)]),
  );
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version }, paths, components: { schemas } };
}
