import type { Schema } from '@pgherd/kube/schema';
import type { PublishedKind } from './kinds.ts';
import { definitionsOf } from './kinds.ts';
import type { Operation, Parameter } from './operations.ts';
import { pathsOf } from './operations.ts';

/** An OpenAPI v2 document as JSON. */
export interface DocumentV2 {
  swagger: '2.0';
  info: { title: string; version: string };
  paths: Record<string, Record<string, unknown>>;
  definitions: Record<string, Schema>;
}

/**
 * A custom resource's schema as v2 can say it: no alternatives, no nulls. Old clients refuse what is in no list
 * of properties, so objects that keep unknown fields tell none.
 */
function toV2(schema: Schema): Schema {
  const { nullable, oneOf: _one, anyOf: _any, allOf: _all, not: _not, ...rest } = schema;
  const result: Schema = { ...rest };
  if (nullable || schema['x-kubernetes-int-or-string']) delete result.type;
  if (schema['x-kubernetes-preserve-unknown-fields']) {
    delete result.properties;
    delete result.required;
  } else if (schema.properties) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, toV2(property)]),
    );
  }
  if (schema.items) result.items = toV2(schema.items);
  if (typeof schema.additionalProperties === 'object')
    result.additionalProperties = toV2(schema.additionalProperties);
  return result;
}

function parameter({ name, in: place, type, description }: Parameter): unknown {
  return {
    name,
    in: place,
    type,
    description,
    uniqueItems: true,
    ...(place === 'path' ? { required: true } : {}),
  };
}

function operation(o: Operation): unknown {
  const schema = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
  const body =
    o.body === undefined
      ? []
      : [{ name: 'body', in: 'body', required: o.method !== 'delete', schema: schema(o.body) }];
  return {
    operationId: o.id,
    consumes: o.consumes,
    produces: ['application/json', 'application/yaml'],
    parameters: [...body, ...o.parameters.map(parameter)],
    responses: { '200': { description: 'OK', schema: schema(o.result) } },
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': o.gvk,
  };
}

/** The OpenAPI v2 document of all kinds. */
export function documentV2(kinds: readonly PublishedKind[], version: string): DocumentV2 {
  const paths: DocumentV2['paths'] = {};
  for (const path of kinds.flatMap(pathsOf)) {
    paths[path.path] = {
      parameters: path.parameters.map(parameter),
      ...Object.fromEntries(path.operations.map((o) => [o.method, operation(o)])),
    };
  }
  const definitions = Object.fromEntries(
    Object.entries(definitionsOf(kinds)).map(([name, definition]) => [name, toV2(definition)]),
  );
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths, definitions };
}
