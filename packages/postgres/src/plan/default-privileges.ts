import type { DefaultPrivileges } from '../declared.ts';
import { identifier, readable } from '../sql.ts';
import { type ContentsContext, knownSchemas, schemaCreation } from './contents-context.ts';
import { inDatabase } from './schema.ts';
import { because, step, type Step } from './step.ts';

/** Kinds of objects, as `pg_default_acl.defaclobjtype` and as SQL call them, and who gets what on them. */
const kinds = [
  { objects: 'n', word: 'SCHEMAS', reader: ['USAGE'], writer: ['USAGE'] },
  { objects: 'r', word: 'TABLES', reader: ['SELECT'], writer: ['INSERT', 'UPDATE', 'DELETE'] },
  { objects: 'S', word: 'SEQUENCES', reader: ['SELECT'], writer: ['USAGE', 'UPDATE'] },
  { objects: 'f', word: 'FUNCTIONS', reader: ['EXECUTE'], writer: ['EXECUTE'] },
  { objects: 'T', word: 'TYPES', reader: ['USAGE'], writer: ['USAGE'] },
];

/** Gives what is missing; nothing that somebody has is taken away. */
export function defaultPrivilegeSteps(declared: DefaultPrivileges, context: ContentsContext): Step[] {
  const { database, contents, conflicts, knownRoles } = context;
  const { owner, schema, reader, writer } = declared;
  const place = schema === undefined ? '' : ` in schema ${readable(schema)}`;
  const problem = [owner, reader, writer].find((role) => !knownRoles.has(role));
  if (problem !== undefined || (schema !== undefined && !knownSchemas(context).has(schema))) {
    conflicts.push({
      object: inDatabase(context, 'default privileges of', owner),
      message:
        problem === undefined
          ? `the schema ${JSON.stringify(schema)} does not exist; declare it.`
          : `the role ${JSON.stringify(problem)} does not exist; declare the role.`,
    });
    return [];
  }
  const statements: string[] = [];
  const reasons: string[] = [];
  for (const { objects, word, ...privileges } of kinds) {
    // Schemas are not in schemas.
    if (objects === 'n' && schema !== undefined) continue;
    for (const [to, wanted] of [
      [reader, privileges.reader],
      [writer, privileges.writer],
    ] as const) {
      const has = new Set(
        contents.defaults
          .filter(
            (entry) =>
              entry.owner === owner &&
              entry.schema === (schema ?? null) &&
              entry.objects === objects &&
              entry.to === to,
          )
          .map(({ privilege }) => privilege),
      );
      // Who makes an object has every right on it; PostgreSQL keeps no entry for that.
      const missing = to === owner ? [] : wanted.filter((privilege) => !has.has(privilege));
      if (missing.length === 0) continue;
      reasons.push(`${missing.join(', ')} on ${word.toLowerCase()} for ${to}`);
      statements.push(
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)}${schema === undefined ? '' : ` IN SCHEMA ${identifier(schema)}`} GRANT ${missing.join(', ')} ON ${word} TO ${identifier(to)}`,
      );
    }
  }
  if (statements.length === 0) return [];
  const needs =
    schema !== undefined && !contents.schemas.has(schema) ? { needs: [schemaCreation(schema)] } : {};
  return [
    step(
      `set default privileges of ${readable(owner)}${place}`,
      because(database, `missing: ${reasons.join('; ')}`),
      statements,
      { database: database.name, ...needs },
    ),
  ];
}
