import type { Schema } from '@pgherd/kube/schema';
import protobuf from 'protobufjs';
import type { DocumentV2 } from './v2.ts';

/** Fields of a message as `name: 'type number'`, repeated ones with a `*`. */
type Message = Record<string, string>;

/**
 * The part of gnostic's openapi.v2 messages that the document uses. Names follow the library's camel case;
 * numbers are those of the published OpenAPIv2.proto.
 */
const messages: Record<string, Message> = {
  Document: { swagger: 'string 1', info: 'Info 2', paths: 'Paths 8', definitions: 'Definitions 9' },
  Info: { title: 'string 1', version: 'string 2' },
  Paths: { path: '*NamedPathItem 2' },
  NamedPathItem: { name: 'string 1', value: 'PathItem 2' },
  PathItem: {
    get: 'Operation 2',
    put: 'Operation 3',
    post: 'Operation 4',
    delete: 'Operation 5',
    patch: 'Operation 8',
    parameters: '*ParametersItem 9',
  },
  Operation: {
    operationId: 'string 5',
    produces: '*string 6',
    consumes: '*string 7',
    parameters: '*ParametersItem 8',
    responses: 'Responses 9',
    vendorExtension: '*NamedAny 13',
  },
  ParametersItem: { parameter: 'Parameter 1' },
  Parameter: { bodyParameter: 'BodyParameter 1', nonBodyParameter: 'NonBodyParameter 2' },
  BodyParameter: { name: 'string 2', in: 'string 3', required: 'bool 4', schema: 'Schema 5' },
  NonBodyParameter: { query: 'QueryParameter 3', path: 'PathParameter 4' },
  QueryParameter: {
    in: 'string 2',
    description: 'string 3',
    name: 'string 4',
    type: 'string 6',
    uniqueItems: 'bool 20',
  },
  PathParameter: {
    required: 'bool 1',
    in: 'string 2',
    description: 'string 3',
    name: 'string 4',
    type: 'string 5',
    uniqueItems: 'bool 18',
  },
  Responses: { responseCode: '*NamedResponseValue 1' },
  NamedResponseValue: { name: 'string 1', value: 'ResponseValue 2' },
  ResponseValue: { response: 'Response 1' },
  Response: { description: 'string 1', schema: 'SchemaItem 2' },
  SchemaItem: { schema: 'Schema 1' },
  Definitions: { additionalProperties: '*NamedSchema 1' },
  Properties: { additionalProperties: '*NamedSchema 1' },
  NamedSchema: { name: 'string 1', value: 'Schema 2' },
  Any: { yaml: 'string 2' },
  NamedAny: { name: 'string 1', value: 'Any 2' },
  TypeItem: { value: '*string 1' },
  ItemsItem: { schema: '*Schema 1' },
  AdditionalPropertiesItem: { schema: 'Schema 1', boolean: 'bool 2' },
  Schema: {
    ref: 'string 1',
    format: 'string 2',
    title: 'string 3',
    description: 'string 4',
    default: 'Any 5',
    multipleOf: 'double 6',
    maximum: 'double 7',
    exclusiveMaximum: 'bool 8',
    minimum: 'double 9',
    exclusiveMinimum: 'bool 10',
    maxLength: 'int64 11',
    minLength: 'int64 12',
    pattern: 'string 13',
    maxItems: 'int64 14',
    minItems: 'int64 15',
    uniqueItems: 'bool 16',
    maxProperties: 'int64 17',
    minProperties: 'int64 18',
    required: '*string 19',
    enum: '*Any 20',
    additionalProperties: 'AdditionalPropertiesItem 21',
    type: 'TypeItem 22',
    items: 'ItemsItem 23',
    properties: 'Properties 25',
    vendorExtension: '*NamedAny 31',
  },
};

function rootType(): protobuf.Type {
  const nested = Object.entries(messages).map(([name, message]) => {
    const fields = Object.entries(message).map(([field, spec]) => {
      const [type = '', id = ''] = spec.replace('*', '').split(' ');
      const rule = spec.startsWith('*') ? { rule: 'repeated' } : {};
      return [field, { type, id: Number(id), ...rule }];
    });
    return [name, { fields: Object.fromEntries(fields) as Record<string, protobuf.IField> }];
  });
  const json = { nested: Object.fromEntries(nested) as Record<string, protobuf.IType> };
  return protobuf.Root.fromJSON(json).lookupType('Document');
}

/** gnostic carries values of any type as YAML, which JSON is. */
const any = (value: unknown): object => ({ yaml: JSON.stringify(value) });

function extensions(source: object): object[] {
  return Object.entries(source)
    .filter(([key]) => key.startsWith('x-'))
    .map(([name, value]) => ({ name, value: any(value) }));
}

const numbers = [
  'multipleOf',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
];
numbers.push('maxItems', 'minItems', 'uniqueItems', 'maxProperties', 'minProperties');
const copied = new Set(['format', 'title', 'description', 'pattern', 'required', ...numbers]);

function schemaMessage(schema: Schema): object {
  const { $ref, type, items, properties, additionalProperties } = schema;
  const plain = Object.entries(schema).filter(([key]) => copied.has(key));
  return {
    ...Object.fromEntries(plain),
    ...($ref === undefined ? {} : { ref: $ref }),
    ...(schema.default === undefined ? {} : { default: any(schema.default) }),
    ...(schema.enum ? { enum: schema.enum.map(any) } : {}),
    ...(type === undefined ? {} : { type: { value: [type] } }),
    ...(items ? { items: { schema: [schemaMessage(items)] } } : {}),
    ...(properties ? { properties: { additionalProperties: named(properties, schemaMessage) } } : {}),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'object'
              ? { schema: schemaMessage(additionalProperties) }
              : { boolean: additionalProperties },
        }),
    vendorExtension: extensions(schema),
  };
}

function named<T>(record: Record<string, T>, render: (value: T) => object): object[] {
  return Object.entries(record).map(([name, value]) => ({ name, value: render(value) }));
}

interface JsonParameter {
  in: string;
  schema?: Schema;
}
interface JsonOperation {
  parameters: JsonParameter[];
  responses: Record<string, { description: string; schema: Schema }>;
}

function parameterMessage(parameter: JsonParameter): object {
  const { schema, ...rest } = parameter;
  if (schema) return { parameter: { bodyParameter: { ...rest, schema: schemaMessage(schema) } } };
  return { parameter: { nonBodyParameter: { [parameter.in === 'path' ? 'path' : 'query']: rest } } };
}

function operationMessage(operation: JsonOperation): object {
  return {
    ...operation,
    parameters: operation.parameters.map(parameterMessage),
    responses: {
      responseCode: named(operation.responses, ({ description, schema }) => ({
        response: { description, schema: { schema: schemaMessage(schema) } },
      })),
    },
    vendorExtension: extensions(operation),
  };
}

/** The document in the encoding that old kubectl insists on: openapi.v2.Document of gnostic. */
export function encodeV2(document: DocumentV2): Buffer {
  const type = rootType();
  const path = named(document.paths, (item) => {
    const { parameters, ...operations } = item as { parameters: JsonParameter[] } & Record<
      string,
      JsonOperation
    >;
    const entries = Object.entries(operations as Record<string, JsonOperation>);
    return {
      parameters: parameters.map(parameterMessage),
      ...Object.fromEntries(entries.map(([method, operation]) => [method, operationMessage(operation)])),
    };
  });
  const message = {
    swagger: document.swagger,
    info: document.info,
    paths: { path },
    definitions: { additionalProperties: named(document.definitions, schemaMessage) },
  };
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}
