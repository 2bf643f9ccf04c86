import { databaseName } from '../postgresql/patterns.ts';
import type { PostgresqlSpec } from '../postgresql/spec.ts';
import type { Check, Report } from './report.ts';
import { isReserved, nameLength } from './role-names.ts';

function checkDatabaseName(field: string, name: string, report: Report): void {
  if (!databaseName.test(name)) {
    report.warning(
      field,
      `\`${name}\` is not created: use letters, digits and underscores, beginning with a letter or underscore.`,
    );
  } else if (name.length > nameLength) {
    report.error(field, `the name has ${name.length} characters; PostgreSQL allows ${nameLength}.`);
  } else if (name === 'template0' || name === 'template1') {
    report.warning(field, `\`${name}\` belongs to PostgreSQL; the entry is ignored, remove it.`);
  }
}

/** `spec.databases`: names, and that there is an owner. */
export const checkDatabases: Check = (manifest, _configuration, report) => {
  for (const [name, owner] of Object.entries(manifest.spec.databases ?? {})) {
    const field = `spec.databases.${name}`;
    checkDatabaseName(field, name, report);
    if (owner === '') report.error(field, 'it has no owner; name a role of spec.users.');
  }
};

type PreparedDatabase = NonNullable<PostgresqlSpec['preparedDatabases']>[string];
type Schemas = NonNullable<PreparedDatabase['schemas']>;

/** `spec.preparedDatabases`: names, also of the roles that they bring along. */
export const checkPreparedDatabases: Check = (manifest, _configuration, report) => {
  const { preparedDatabases, databases = {} } = manifest.spec;
  if (preparedDatabases === undefined || preparedDatabases === null) return;
  const makers = new Map<string, string>();
  const isEmpty = Object.keys(preparedDatabases).length === 0;
  // Nothing in it means one that is called like the cluster.
  const entries: Record<string, PreparedDatabase> = isEmpty
    ? { [(manifest.metadata.name ?? '').replaceAll('-', '_')]: {} }
    : preparedDatabases;
  for (const [name, prepared] of Object.entries(entries)) {
    const field = isEmpty ? 'spec.preparedDatabases' : `spec.preparedDatabases.${name}`;
    checkDatabaseName(field, name, report);
    const owner = databases[name];
    if (owner !== undefined && owner !== `${name}_owner`)
      report.warning(
        field,
        `the database belongs to \`${owner}\`, because spec.databases says so, and not to \`${name}_owner\`; its schemas and roles are made all the same.`,
      );
    const schemas = schemasOf(prepared.schemas);
    checkSchemas(field, schemas, prepared, report);
    if (!databaseName.test(name)) continue;
    checkRoles({ field, prefix: name, hasUsers: prepared.defaultUsers === true }, makers, report);
    for (const [schema, { defaultRoles, defaultUsers }] of Object.entries(schemas)) {
      if (defaultRoles === false) continue;
      const [prefix, hasUsers] = [`${name}_${schema}`, defaultUsers === true];
      checkRoles({ field: `${field}.schemas.${schema}`, prefix, hasUsers }, makers, report);
    }
  }
};

function schemasOf(schemas: Schemas = {}): Schemas {
  return Object.keys(schemas).length === 0 ? { data: {} } : schemas;
}

function checkSchemas(field: string, schemas: Schemas, prepared: PreparedDatabase, report: Report): void {
  for (const schema of Object.keys(schemas)) {
    const at = `${field}.schemas.${schema}`;
    if (!databaseName.test(schema) || schema.startsWith('pg_'))
      report.error(
        at,
        `\`${schema}\` cannot be the name of a schema; use letters, digits and underscores, beginning with a letter or underscore, and not with \`pg_\`.`,
      );
    else if (schema.length > nameLength)
      report.error(at, `the name has ${schema.length} characters; PostgreSQL allows ${nameLength}.`);
  }
  for (const [extension, schema] of Object.entries(prepared.extensions ?? {}))
    if (!Object.hasOwn(schemas, schema) && schema !== 'public' && schema !== 'pg_catalog')
      report.warning(
        `${field}.extensions.${extension}`,
        `its schema \`${schema}\` is none of the schemas of this database; add it to \`schemas\`.`,
      );
}

/** The roles that one entry brings along: they must have names that PostgreSQL takes, and that no other entry has. */
function checkRoles(
  { field, prefix, hasUsers }: { field: string; prefix: string; hasUsers: boolean },
  makers: Map<string, string>,
  report: Report,
): void {
  const maker = makers.get(prefix);
  makers.set(prefix, field);
  if (maker !== undefined)
    report.error(
      field,
      `its roles \`${prefix}_owner\`, \`${prefix}_reader\` and \`${prefix}_writer\` are also those of ${maker}; rename one of the two.`,
    );
  const longest = `${prefix}_reader${hasUsers ? '_user' : ''}`;
  if (isReserved(longest))
    report.error(field, `PostgreSQL reserves names such as that of its role \`${longest}\`; rename it.`);
  else if (longest.length > nameLength)
    report.error(
      field,
      `the name of its role \`${longest}\` has ${longest.length} characters; PostgreSQL allows ${nameLength}. Choose a shorter name.`,
    );
}
