import type { DeclaredDatabase } from '../declared.ts';
import type { ObservedDatabase } from '../observe/databases.ts';
import type { PlanContext } from './context.ts';
import type { Lookup } from './lookup.ts';
import { objectName } from './step.ts';

/** A database in which something is declared, or where poolers look up passwords. */
export interface Place {
  database: DeclaredDatabase;
  lookup: Lookup | undefined;
  /** Whether it is there already. */
  exists: boolean;
}

/** The databases to look into, those that are declared first. Which cannot be looked into become conflicts. */
export function placesOf(
  { declared, observed, knownRoles, conflicts }: PlanContext,
  lookup: Lookup | undefined,
): Place[] {
  const places: Place[] = [];
  for (const database of declared.databases) {
    const existing = observed.databases.get(database.name);
    if (!hasContents(database) && !lookup) continue;
    const problem = existing && unusable(existing);
    if (problem !== undefined) {
      if (hasContents(database))
        conflicts.push({ object: objectName('database', database.name), message: problem });
    } else if (existing || knownRoles.has(database.owner))
      places.push({ database, lookup, exists: existing !== undefined });
  }
  if (!lookup) return places;
  const declaredNames = new Set(declared.databases.map(({ name }) => name));
  for (const existing of observed.databases.values())
    if (!declaredNames.has(existing.name) && !isTemplate(existing) && unusable(existing) === undefined)
      places.push({ database: { name: existing.name, owner: existing.owner }, lookup, exists: true });
  return places;
}

/** Whether something inside it is declared. */
export function hasContents({
  schemas = [],
  extensions = [],
  defaultPrivileges = [],
}: DeclaredDatabase): boolean {
  return schemas.length + extensions.length + defaultPrivileges.length > 0;
}

/** Nobody works in a template. */
function isTemplate({ name, template }: ObservedDatabase): boolean {
  return template || name === 'template0' || name === 'template1';
}

function unusable({ valid, allowsConnections }: ObservedDatabase): string | undefined {
  if (!valid) return 'somebody began to drop it; drop it, and it is made anew.';
  if (!allowsConnections)
    return 'it allows no connections, so that nothing can be made in it; ALTER DATABASE … ALLOW_CONNECTIONS true.';
  return undefined;
}
