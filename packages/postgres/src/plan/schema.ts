import type { DeclaredSchema } from '../declared.ts';
import { identifier, nameProblem, readable } from '../sql.ts';
import { type ContentsContext, schemaCreation } from './contents-context.ts';
import { because, objectName, step, type Step } from './step.ts';

/** The declared schemas that there can be; the others become conflicts. */
export function usableSchemas(context: ContentsContext): DeclaredSchema[] {
  return (context.database.schemas ?? []).filter((schema) => {
    const problem = schemaProblem(schema, context);
    if (problem === undefined) return true;
    context.conflicts.push({ object: inDatabase(context, 'schema', schema.name), message: problem });
    return false;
  });
}

/**
 * Makes the schema, and lets those use it who should.
 *
 * An existing schema goes to its declared owner only from a role that owns something of the same declaration, e.g. from
 * that of the database when the schema gets roles of its own. Otherwise somebody made it before it was declared, relies
 * on owning it, and keeps it. `public` stays its database owner's.
 */
export function schemaSteps(schema: DeclaredSchema, context: ContentsContext): Step[] {
  const { database, contents, conflicts, knownRoles } = context;
  const where = { database: database.name };
  const name = identifier(schema.name);
  const existing = contents.schemas.get(schema.name);
  const isHandedOver = existing !== undefined && mayChangeOwner(schema, existing.owner, context);
  // What the owner may do goes to the next one.
  const lasting = (existing?.grants ?? []).filter(({ to }) => !isHandedOver || to !== existing.owner);
  const usage = [...new Set(schema.usage)].filter(
    (role) =>
      role !== schema.owner && !lasting.some(({ to, privilege }) => to === role && privilege === 'USAGE'),
  );
  const unknown = usage.filter((role) => !knownRoles.has(role));
  for (const role of unknown)
    conflicts.push({
      object: inDatabase(context, 'schema', schema.name),
      message: `the role ${JSON.stringify(role)}, which should use it, does not exist; declare the role.`,
    });
  const granted = usage.filter((role) => knownRoles.has(role));
  const grants = granted.map((role) => `GRANT USAGE ON SCHEMA ${name} TO ${identifier(role)}`);
  if (!existing)
    return [
      step(
        schemaCreation(schema.name),
        because(database, 'there is no such schema'),
        [`CREATE SCHEMA ${name} AUTHORIZATION ${identifier(schema.owner)}`, ...grants],
        where,
      ),
    ];
  const steps: Step[] = [];
  if (isHandedOver)
    steps.push(
      step(
        `change owner of schema ${readable(schema.name)}`,
        because(database, `owner: ${existing.owner} → ${schema.owner}`),
        [`ALTER SCHEMA ${name} OWNER TO ${identifier(schema.owner)}`],
        where,
      ),
    );
  if (grants.length > 0)
    steps.push(
      step(
        `let others use schema ${readable(schema.name)}`,
        because(database, `without USAGE: ${granted.join(', ')}`),
        grants,
        where,
      ),
    );
  return steps;
}

function schemaProblem(
  { name, owner }: DeclaredSchema,
  { knownRoles, lookupSchema }: ContentsContext,
): string | undefined {
  const problem = nameProblem(name) ?? reservedSchema(name);
  if (problem !== undefined) return `${problem}; choose another name.`;
  if (name === lookupSchema)
    return 'the poolers keep their lookup in a schema of this name; choose another name, or set connection_pooler_schema to another.';
  if (!knownRoles.has(owner)) return `its owner ${JSON.stringify(owner)} does not exist; declare the role.`;
  return undefined;
}

/** Why a schema of this name is PostgreSQL's own; undefined when it is not. */
export function reservedSchema(name: string): string | undefined {
  if (name.startsWith('pg_')) return 'PostgreSQL reserves names that begin with pg_';
  return name === 'information_schema' ? 'PostgreSQL reserves this name' : undefined;
}

function mayChangeOwner(schema: DeclaredSchema, owner: string, { database }: ContentsContext): boolean {
  if (schema.name === 'public' || owner === schema.owner) return false;
  return [database.owner, ...(database.schemas ?? []).map((other) => other.owner)].includes(owner);
}

/** How a conflict names something in a database. */
export function inDatabase({ database }: ContentsContext, kind: string, name: string): string {
  return `${objectName('database', database.name)}, ${kind} ${JSON.stringify(name)}`;
}
