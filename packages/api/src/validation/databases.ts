import { databaseName } from '../postgresql/patterns.ts';
import type { Check, Report } from './report.ts';

const nameLength = 63;

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

/** `spec.databases`: names, and owners that exist. */
export const checkDatabases: Check = (manifest, configuration, report) => {
  const known = new Set([...Object.keys(manifest.spec.users ?? {}), configuration.super_username]);
  for (const [name, owner] of Object.entries(manifest.spec.databases ?? {})) {
    const field = `spec.databases.${name}`;
    checkDatabaseName(field, name, report);
    if (owner === '') report.error(field, 'it has no owner; name a role of spec.users.');
    else if (!known.has(owner))
      report.warning(
        field,
        `its owner \`${owner}\` is not in spec.users; the database is created once a role of this name exists.`,
      );
  }
};

/** `spec.preparedDatabases`: names, and that nothing else claims the same databases and roles. */
export const checkPreparedDatabases: Check = (manifest, _configuration, report) => {
  const { preparedDatabases, databases = {}, users = {} } = manifest.spec;
  for (const [name, prepared] of Object.entries(preparedDatabases ?? {})) {
    const field = `spec.preparedDatabases.${name}`;
    checkDatabaseName(field, name, report);
    const owner = databases[name];
    if (owner !== undefined && owner !== `${name}_owner`)
      report.error(
        field,
        `the database would have two owners: \`${name}_owner\` as a prepared database and \`${owner}\` by spec.databases; remove it from one of the two.`,
      );
    for (const schema of Object.keys(prepared.schemas ?? {}))
      if (!databaseName.test(schema))
        report.error(
          `${field}.schemas.${schema}`,
          `\`${schema}\` cannot be the name of a schema; use letters, digits and underscores, beginning with a letter or underscore.`,
        );
    const schemas = Object.keys(prepared.schemas ?? { data: {} });
    for (const [extension, schema] of Object.entries(prepared.extensions ?? {}))
      if (!schemas.includes(schema) && schema !== 'public' && schema !== 'pg_catalog')
        report.warning(
          `${field}.extensions.${extension}`,
          `its schema \`${schema}\` is none of the schemas of this database; add it to \`schemas\`.`,
        );
    for (const role of rolesOf(name, schemas))
      if (Object.hasOwn(users, role))
        report.error(
          `spec.users.${role}`,
          `the prepared database \`${name}\` makes a role of this name; rename the user or the database.`,
        );
  }
};

/** Every role that a prepared database may bring along. */
function rolesOf(database: string, schemas: string[]): string[] {
  return [database, ...schemas.map((schema) => `${database}_${schema}`)].flatMap((prefix) =>
    ['owner', 'reader', 'writer'].flatMap((kind) => [`${prefix}_${kind}`, `${prefix}_${kind}_user`]),
  );
}
