import type { Connection } from './connection.ts';
import { type Outcome, executeThere } from './execute.ts';
import { observeAvailable } from './observe/available.ts';
import { observeContents, type Contents } from './observe/contents.ts';
import { contentsSteps, contentsWanted, freshContents, missingExtensions } from './plan/contents.ts';
import { hasContents, type Place } from './plan/places.ts';
import type { Plan } from './plan/plan.ts';
import type { Sessions } from './sessions.ts';

/** What is declared inside a database. */
type Inside = Pick<Place, 'database' | 'lookup'>;

/** Looks into a database that exists and says what is to do there. It only reads. */
export async function planContents(
  connection: Connection,
  { database, lookup }: Inside,
  knownRoles: ReadonlySet<string>,
): Promise<Plan> {
  const contents = await observeContents(connection, contentsWanted(database, lookup));
  return planFor(connection, { database, lookup }, contents, knownRoles);
}

/** What will be to do in a database that is about to be made; `connection` may be one to any database. */
export async function planFreshContents(
  connection: Connection,
  place: Inside,
  knownRoles: ReadonlySet<string>,
): Promise<Plan> {
  return planFor(connection, place, freshContents(), knownRoles);
}

async function planFor(
  connection: Connection,
  { database, lookup }: Inside,
  contents: Contents,
  knownRoles: ReadonlySet<string>,
): Promise<Plan> {
  const missing = missingExtensions(database, contents);
  const available = missing.length === 0 ? new Map() : await observeAvailable(connection, missing);
  const plan: Plan = { steps: [], conflicts: [], notes: [] };
  const lookupSchema = lookup ? { lookupSchema: lookup.schema } : {};
  // Somebody else's database that is out of order is no failure of the cluster.
  const problems = hasContents(database) ? plan.conflicts : plan.notes;
  const context = { database, contents, available, knownRoles, conflicts: problems, ...lookupSchema };
  plan.steps.push(...contentsSteps(context, lookup));
  return plan;
}

/** Looks into a database that exists and makes what is in it as it is declared, in one session. */
export async function bringContentsInLine(
  sessions: Sessions,
  place: Inside,
  knownRoles: ReadonlySet<string>,
): Promise<{ plan: Plan; outcome: Outcome }> {
  return sessions.use(place.database.name, async (connection) => {
    const plan = await planContents(connection, place, knownRoles);
    const outcome: Outcome = { done: [], failed: [] };
    await executeThere(connection, plan.steps, outcome);
    return { plan, outcome };
  });
}
