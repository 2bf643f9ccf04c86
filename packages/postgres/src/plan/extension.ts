import type { DeclaredExtension } from '../declared.ts';
import type { AvailableExtension } from '../observe/available.ts';
import { identifier, nameProblem, readable } from '../sql.ts';
import { type ContentsContext, knownSchemas, schemaCreation } from './contents-context.ts';
import { extensionGuard } from './guard.ts';
import { inDatabase } from './schema.ts';
import { because, step, type Step } from './step.ts';

/** Makes the extensions, those that others require first, and moves those that are in another schema. */
export function extensionSteps(declared: readonly DeclaredExtension[], context: ContentsContext): Step[] {
  return requiredFirst(declared, context).flatMap((extension) => {
    const steps = context.contents.extensions.has(extension.name)
      ? movingSteps(extension, context)
      : creationSteps(extension, context);
    if (typeof steps !== 'string') return steps;
    context.conflicts.push({ object: inDatabase(context, 'extension', extension.name), message: steps });
    return [];
  });
}

function extensionCreation(name: string): string {
  return `create extension ${readable(name)}`;
}

function requiredFirst(
  declared: readonly DeclaredExtension[],
  { available }: ContentsContext,
): DeclaredExtension[] {
  const ordered = new Map<string, DeclaredExtension>();
  const visiting = new Set<string>();
  const visit = (extension: DeclaredExtension): void => {
    if (visiting.has(extension.name)) return;
    visiting.add(extension.name);
    for (const name of available.get(extension.name)?.requires ?? [])
      declared.filter((other) => other.name === name).forEach(visit);
    ordered.set(extension.name, extension);
  };
  declared.forEach(visit);
  return [...ordered.values()];
}

/** Steps, or why there are none. */
function movingSteps({ name, schema }: DeclaredExtension, context: ContentsContext): Step[] | string {
  const { database, contents } = context;
  const existing = contents.extensions.get(name);
  if (!existing || existing.schema === schema) return [];
  if (!existing.relocatable)
    return `it is in the schema ${JSON.stringify(existing.schema)} and cannot be moved; declare it with that schema.`;
  if (!knownSchemas(context).has(schema)) return unknownSchema(schema);
  return [
    step(
      `move extension ${readable(name)} to schema ${readable(schema)}`,
      because(database, `schema: ${existing.schema} → ${schema}`),
      [`ALTER EXTENSION ${identifier(name)} SET SCHEMA ${identifier(schema)}`],
      { database: database.name, ...needs(schema, [], context) },
    ),
  ];
}

/** A schema that nobody else can see, because it is gone before the transaction ends. */
const privateSchema = identifier('pgherd_new_extension');

/**
 * Steps, or why there are none. An extension that can be moved is made where nobody has planted anything, and moved;
 * the others are made where they will be, after a look (see `extensionGuard`).
 */
function creationSteps({ name, schema }: DeclaredExtension, context: ContentsContext): Step[] | string {
  const { database, contents, available } = context;
  const problem = nameProblem(name) ?? nameProblem(schema);
  if (problem !== undefined) return `${problem}; correct the name.`;
  const found = available.get(name);
  if (!found)
    return 'the server does not have it; `pgherd extensions` with the name of the cluster lists what it has.';
  if (found.schema !== null && found.schema !== schema)
    return `it can only be in the schema ${JSON.stringify(found.schema)}; declare it with that schema.`;
  const missing = found.requires.filter(
    (required) =>
      !contents.extensions.has(required) &&
      !(database.extensions ?? []).some((other) => other.name === required),
  );
  if (missing.length > 0) return `it requires ${missing.join(' and ')}; declare that, too.`;
  // An extension that has a schema of its own makes it.
  if (found.schema === null && !knownSchemas(context).has(schema)) return unknownSchema(schema);
  const guard = extensionGuard(found.relocatable ? undefined : schema, found.requires);
  return [
    step(
      extensionCreation(name),
      because(database, 'there is no such extension'),
      creation(found, identifier(schema)),
      {
        database: database.name,
        ...(guard ? { guard } : {}),
        ...needs(schema, found.requires, context),
      },
    ),
  ];
}

function creation({ name, relocatable, schema: own }: AvailableExtension, schema: string): string[] {
  const extension = identifier(name);
  if (own !== null) return [`CREATE EXTENSION ${extension}`];
  if (!relocatable) return [`CREATE EXTENSION ${extension} SCHEMA ${schema}`];
  return [
    `CREATE SCHEMA ${privateSchema}`,
    `CREATE EXTENSION ${extension} SCHEMA ${privateSchema}`,
    `ALTER EXTENSION ${extension} SET SCHEMA ${schema}`,
    `DROP SCHEMA ${privateSchema}`,
  ];
}

function unknownSchema(schema: string): string {
  return `its schema ${JSON.stringify(schema)} does not exist; declare it under the schemas of the database.`;
}

/** The steps without which this one cannot be done. */
function needs(
  schema: string,
  requires: readonly string[],
  { contents }: ContentsContext,
): { needs?: string[] } {
  const all = [
    ...(contents.schemas.has(schema) ? [] : [schemaCreation(schema)]),
    ...requires.filter((name) => !contents.extensions.has(name)).map(extensionCreation),
  ];
  return all.length === 0 ? {} : { needs: all };
}
