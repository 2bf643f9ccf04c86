import { readable } from '../sql.ts';
import type { DeclaredDatabase } from '../declared.ts';
import type { AvailableExtension } from '../observe/available.ts';
import type { Contents } from '../observe/contents.ts';
import type { Conflict } from './step.ts';

/** What the planners of everything inside one database share. */
export interface ContentsContext {
  database: DeclaredDatabase;
  contents: Contents;
  /** Of the extensions that are declared and not there yet; those that are missing here the server does not have. */
  available: ReadonlyMap<string, AvailableExtension>;
  /** Names of the roles that exist. */
  knownRoles: ReadonlySet<string>;
  /** Name of the schema of the poolers' lookup, which is nobody else's. */
  lookupSchema?: string;
  /** Planners add what they cannot do. */
  conflicts: Conflict[];
}

/** Schemas that exist or are about to. */
export function knownSchemas({ database, contents }: ContentsContext): Set<string> {
  return new Set([...contents.schemas.keys(), ...(database.schemas ?? []).map(({ name }) => name)]);
}

/** How the step is called that makes a schema; others need it. */
export function schemaCreation(name: string): string {
  return `create schema ${readable(name)}`;
}
