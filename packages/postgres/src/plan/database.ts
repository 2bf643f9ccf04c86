import type { DeclaredDatabase } from '../declared.ts';
import { identifier, readable } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { because, objectName, step, type Step } from './step.ts';

/** How the step is called that makes a database. */
export function databaseCreation(name: string): string {
  return `create database ${readable(name)}`;
}

/** Makes the database, or gives it to its owner. */
export function databaseSteps(database: DeclaredDatabase, context: PlanContext): Step[] {
  const { observed, knownRoles, conflicts } = context;
  if (!knownRoles.has(database.owner)) {
    conflicts.push({
      object: objectName('database', database.name),
      message: `its owner ${JSON.stringify(database.owner)} does not exist; declare the role.`,
    });
    return [];
  }
  const existing = observed.databases.get(database.name);
  const [name, owner] = [identifier(database.name), identifier(database.owner)];
  if (!existing) {
    return [
      step(
        databaseCreation(database.name),
        because(database, 'there is no such database'),
        [`CREATE DATABASE ${name} OWNER ${owner}`],
        { transaction: false },
      ),
    ];
  }
  if (existing.owner === database.owner) return [];
  return [
    step(
      `change owner of database ${readable(database.name)}`,
      because(database, `owner: ${existing.owner} → ${database.owner}`),
      [`ALTER DATABASE ${name} OWNER TO ${owner}`],
    ),
  ];
}
