import type { DeclaredDatabase } from '../declared.ts';
import type { Contents, ContentsWanted } from '../observe/contents.ts';
import { nameProblem } from '../sql.ts';
import type { ContentsContext } from './contents-context.ts';
import { defaultPrivilegeSteps } from './default-privileges.ts';
import { extensionSteps } from './extension.ts';
import { type Lookup, lookupName, lookupSteps } from './lookup.ts';
import { schemaSteps, usableSchemas } from './schema.ts';
import { objectName, type Step } from './step.ts';

/** What has to be known of a database to plan what is in it. */
export function contentsWanted(database: DeclaredDatabase, lookup: Lookup | undefined): ContentsWanted {
  const { schemas = [], extensions = [], defaultPrivileges = [] } = database;
  return {
    schemas: [
      ...schemas.map(({ name }) => name),
      ...extensions.map(({ schema }) => schema),
      ...defaultPrivileges.flatMap(({ schema }) => schema ?? []),
    ].filter(isPossible),
    owners: defaultPrivileges.map(({ owner }) => owner).filter(isPossible),
    ...(lookup ? { lookup: { schema: lookup.schema, name: lookupName } } : {}),
  };
}

/** Names of the declared extensions that are not there. */
export function missingExtensions({ extensions = [] }: DeclaredDatabase, contents: Contents): string[] {
  return extensions
    .map(({ name }) => name)
    .filter((name) => isPossible(name) && !contents.extensions.has(name));
}

/** PostgreSQL refuses the whole question otherwise. */
function isPossible(name: string): boolean {
  return nameProblem(name) === undefined;
}

/** The statements that make what is inside a database as it is declared. Nothing is ever dropped or taken away. */
export function contentsSteps(all: ContentsContext, lookup: Lookup | undefined): Step[] {
  const { contents, conflicts } = all;
  const danger = dangerOf(contents);
  if (danger !== undefined) {
    conflicts.push({ object: objectName('database', all.database.name), message: danger });
    return [];
  }
  const database = { ...all.database, schemas: usableSchemas(all) };
  const context = { ...all, database };
  return [
    ...(lookup ? lookupSteps(lookup, database.name, contents) : []),
    ...database.schemas.flatMap((schema) => schemaSteps(schema, context)),
    ...(database.defaultPrivileges ?? []).flatMap((declared) => defaultPrivilegeSteps(declared, context)),
    // At the end, because some end the session when their library is not loaded.
    ...extensionSteps(database.extensions ?? [], context),
  ];
}

/** Why no statement can be run here safely. */
function dangerOf({ user, superuser, untrustedTriggers }: Contents): string | undefined {
  if (!superuser)
    return `sessions there act as ${JSON.stringify(user)}, who is no superuser, because of a setting of the database; take it back with ALTER DATABASE … RESET role.`;
  if (untrustedTriggers.length > 0)
    return `its event trigger ${untrustedTriggers.join(' and ')} would run with every change, as superuser, what somebody wrote who is none; give the function to a superuser.`;
  return undefined;
}

/** What is in a database that has just been made. */
export function freshContents(): Contents {
  const publicSchema = { name: 'public', owner: 'pg_database_owner', trusted: false, grants: [] };
  return {
    user: '',
    superuser: true,
    untrustedTriggers: [],
    schemas: new Map([
      ['public', publicSchema],
      ['pg_catalog', { ...publicSchema, name: 'pg_catalog', trusted: true }],
    ]),
    extensions: new Map([['plpgsql', { name: 'plpgsql', schema: 'pg_catalog', relocatable: false }]]),
    defaults: [],
    functions: [],
  };
}
