import type { Contents, FunctionDefinition, Grant, ObservedFunction } from '../observe/contents.ts';
import { identifier, literal, nameProblem } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { reservedSchema } from './schema.ts';
import { step, type Step } from './step.ts';

/** The function that poolers ask for the stored password of a role; the name is Zalando's. */
export const lookupName = 'user_lookup';

/** For whom the lookup is and where. */
export interface Lookup {
  role: string;
  schema: string;
}

/**
 * Without the pinned search_path the owner of a database could have an operator of his run as superuser. A password
 * that has run out is none, as for PostgreSQL itself: a pooled session would otherwise be handed out for it.
 */
const definition: FunctionDefinition = {
  language: 'sql',
  source: `
  select rolname::text, case when rolvaliduntil < now() then null else rolpassword end
  from pg_catalog.pg_authid where rolname = i_username and rolcanlogin
`,
  securityDefiner: true,
  volatility: 's',
  settings: ['search_path=pg_catalog, pg_temp'],
};

/** The declared lookup; undefined when there is none or when it cannot be made anywhere. */
export function usableLookup({ declared, knownRoles, conflicts }: PlanContext): Lookup | undefined {
  const { lookup } = declared;
  if (!lookup) return undefined;
  const problem = lookupProblem(lookup, knownRoles);
  if (problem === undefined) return lookup;
  conflicts.push({
    object: `lookup of the poolers in schema ${JSON.stringify(lookup.schema)}`,
    message: problem,
  });
  return undefined;
}

function lookupProblem({ role, schema }: Lookup, knownRoles: ReadonlySet<string>): string | undefined {
  const problem =
    nameProblem(schema) ??
    reservedSchema(schema) ??
    (schema === 'public' ? 'this schema belongs to the owner of each database' : undefined);
  if (problem !== undefined)
    return `${problem}; name another in spec.connectionPooler.schema or connection_pooler_schema.`;
  if (!knownRoles.has(role)) return `the role ${JSON.stringify(role)} does not exist.`;
  return undefined;
}

/**
 * Makes the lookup in a database, or repairs it. It must belong to a superuser, and so must its schema: whoever owns
 * one of them could answer with passwords of his choice, and be handed the pooled sessions of others.
 *
 * A schema that somebody else made first is taken over; he keeps the right to use it and to have other things in it.
 * His function of that name gets another name. Rights that superusers gave to further roles stay.
 */
export function lookupSteps(lookup: Lookup, database: string, contents: Contents): Step[] {
  const repairs = [...schemaRepairs(lookup, contents), ...functionRepairs(lookup, contents.functions)];
  if (repairs.length === 0) return [];
  return [
    step(
      'install lookup of the poolers',
      repairs.flatMap(({ reason }) => reason ?? []).join('; '),
      repairs.flatMap(({ statements }) => statements),
      { database },
    ),
  ];
}

interface Repair {
  /** Undefined for what goes without saying: the rights to what is only being made. */
  reason: string | undefined;
  statements: string[];
}

function schemaRepairs(lookup: Lookup, { schemas }: Contents): Repair[] {
  const [schema, role] = [identifier(lookup.schema), identifier(lookup.role)];
  const existing = schemas.get(lookup.schema);
  const repairs: Repair[] = [];
  if (!existing)
    repairs.push({
      reason: `there is no schema ${lookup.schema}`,
      statements: [`CREATE SCHEMA ${schema}`],
    });
  else if (!existing.trusted)
    repairs.push({
      reason: `the schema ${lookup.schema} belongs to ${existing.owner}, who could replace the lookup`,
      statements: [
        `ALTER SCHEMA ${schema} OWNER TO CURRENT_USER`,
        `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${identifier(existing.owner)}`,
      ],
    });
  const has = rights(existing?.grants ?? [], lookup.role);
  if (has.has('CREATE'))
    repairs.push({
      reason: `${lookup.role} can make things in schema ${lookup.schema}`,
      statements: [`REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`],
    });
  if (!has.has('USAGE'))
    repairs.push({
      reason: existing && `${lookup.role} cannot use schema ${lookup.schema}`,
      statements: [`GRANT USAGE ON SCHEMA ${schema} TO ${role}`],
    });
  return repairs;
}

function functionRepairs(lookup: Lookup, functions: readonly ObservedFunction[]): Repair[] {
  const [schema, role] = [identifier(lookup.schema), identifier(lookup.role)];
  const signature = `${schema}.${identifier(lookupName)}(text)`;
  const found = functions.find(({ name, takesText }) => name === lookupName && takesText);
  const existing = found?.trusted && found.replaceable ? found : undefined;
  const repairs: Repair[] = [];
  if (found && !existing)
    repairs.push({
      reason: `the function ${lookupName} is ${found.trusted ? 'another one' : 'one that its owner can replace'}`,
      statements: [`ALTER ROUTINE ${signature} RENAME TO ${identifier(freeName(functions))}`],
    });
  if (!existing || !isDefined(existing.definition))
    repairs.push({
      reason: existing
        ? `the function ${lookupName} is not as it should be`
        : `there is no function ${lookupName}`,
      statements: [creation(schema, existing !== undefined)],
    });
  const toAll = existing ? rights(existing.grants, null) : new Set(['EXECUTE']);
  if (toAll.has('EXECUTE'))
    repairs.push({
      reason: existing && 'everybody can execute it',
      statements: [`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`],
    });
  const has = rights(existing?.grants ?? [], lookup.role);
  if (has.has('EXECUTE, grantable'))
    repairs.push({
      reason: `${lookup.role} can let others execute it`,
      statements: [`REVOKE GRANT OPTION FOR EXECUTE ON FUNCTION ${signature} FROM ${role} CASCADE`],
    });
  if (!has.has('EXECUTE'))
    repairs.push({
      reason: existing && `${lookup.role} cannot execute it`,
      statements: [`GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`],
    });
  return repairs;
}

/** Names of privileges; those that can be passed on once more, as `NAME, grantable`. */
function rights(grants: readonly Grant[], to: string | null): Set<string> {
  return new Set(
    grants
      .filter((grant) => grant.to === to)
      .flatMap(({ privilege, grantable }) => [privilege, ...(grantable ? [`${privilege}, grantable`] : [])]),
  );
}

function isDefined(found: FunctionDefinition): boolean {
  return (
    found.language === definition.language &&
    found.source === definition.source &&
    found.securityDefiner === definition.securityDefiner &&
    found.volatility === definition.volatility &&
    found.settings.join('\n') === definition.settings.join('\n')
  );
}

function creation(schema: string, replace: boolean): string {
  return `CREATE ${replace ? 'OR REPLACE ' : ''}FUNCTION ${schema}.${identifier(lookupName)}(IN i_username text, OUT uname text, OUT phash text)
  RETURNS record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS ${literal(definition.source)}`;
}

function freeName(functions: readonly ObservedFunction[]): string {
  const taken = new Set(functions.map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = `${lookupName}_before_${number}`;
    if (!taken.has(name)) return name;
  }
}
