import { bringContentsInLine, planContents, planFreshContents } from './contents.ts';
import type { Declared } from './declared.ts';
import { eachOf } from './each-of.ts';
import { PostgresError } from './error.ts';
import { execute, type Outcome } from './execute.ts';
import { observe, type Observed } from './observe/observe.ts';
import type { NewVerifiers, PasswordChecker } from './password-checker.ts';
import { databaseCreation } from './plan/database.ts';
import { hasContents, type Place } from './plan/places.ts';
import { type ClusterPlan, plan, type Plan } from './plan/plan.ts';
import { objectName } from './plan/step.ts';
import { withAdvice } from './problem.ts';
import type { Sessions } from './sessions.ts';

/**
 * Databases that are looked into at the same time. PostgreSQL keeps three sessions free for superusers, and Patroni
 * may need one of them.
 */
const atOnce = 2;

/** Looks, and says what is to do; it only reads. Throws `PostgresError`, and `Error` for a replica. */
export async function planPass(
  sessions: Sessions,
  declared: Declared,
  checker: PasswordChecker,
): Promise<{ observed: Observed; plan: Plan }> {
  const { observed, plan: cluster } = await planCluster(sessions, declared, checker);
  const there = cluster.places.filter(({ exists }) => exists);
  const plans = await inEach(sessions, there, ({ database, lookup }) =>
    sessions.use(database.name, (connection) =>
      planContents(connection, { database, lookup }, cluster.knownRoles),
    ),
  );
  for (const { database, lookup } of cluster.places.filter(({ exists }) => !exists))
    plans.push({
      result: await sessions.use(undefined, (connection) =>
        planFreshContents(connection, { database, lookup }, cluster.knownRoles),
      ),
      conflicts: [],
      notes: [],
    });
  return { observed, plan: joined(cluster, plans) };
}

/**
 * Makes what is declared true. What PostgreSQL refuses is in the outcome; throws like `planPass` and `execute`.
 * `beforePasswords` is told of existing roles whose passwords are about to be changed. Answers which roles there are then.
 */
export async function runPass(
  sessions: Sessions,
  declared: Declared,
  checker: PasswordChecker,
  beforePasswords: (roles: string[]) => Promise<void> = async () => {},
): Promise<{ plan: Plan; outcome: Outcome; roles: ReadonlySet<string> }> {
  const { observed, verifiers, plan: cluster } = await planCluster(sessions, declared, checker);
  const changed = [...verifiers.keys()].filter((role) => observed.roles.has(role));
  if (changed.length > 0) await beforePasswords(changed);
  const { done, failed } = await execute(sessions, cluster.steps);
  const made = new Set(done.map(({ what }) => what));
  const places = cluster.places.filter(
    ({ exists, database }) => exists || made.has(databaseCreation(database.name)),
  );
  const results = await inEach(sessions, places, (place) =>
    bringContentsInLine(sessions, place, cluster.knownRoles),
  );
  return {
    plan: joined(
      cluster,
      results.map((place) => ({ ...place, result: place.result?.plan })),
    ),
    outcome: {
      done: [...done, ...results.flatMap(({ result }) => result?.outcome.done ?? [])],
      failed: [...failed, ...results.flatMap(({ result }) => result?.outcome.failed ?? [])],
    },
    roles: new Set(done.length === 0 ? observed.roles.keys() : await rolesNow(sessions)),
  };
}

async function rolesNow(sessions: Sessions): Promise<string[]> {
  const rows = await sessions.use(undefined, (connection) =>
    connection.query<{ rolname: string }>('select rolname from pg_catalog.pg_roles'),
  );
  return rows.map(({ rolname }) => rolname);
}

async function planCluster(
  sessions: Sessions,
  declared: Declared,
  checker: PasswordChecker,
): Promise<{ observed: Observed; verifiers: NewVerifiers; plan: ClusterPlan }> {
  const observed = await sessions.use(undefined, (connection) => observe(connection, declared));
  if (observed.inRecovery)
    throw new Error(`${sessions.server} is a replica; its roles and databases come from the primary`);
  const verifiers = await checker.newVerifiers(declared.roles, observed);
  return { observed, verifiers, plan: plan(declared, observed, verifiers) };
}

interface PlaceResult<T> {
  result: T | undefined;
  /** Why there is no result. */
  conflicts: Plan['conflicts'];
  notes: Plan['notes'];
}

/**
 * Runs in each place; one that cannot be looked into does not hold up the others. Throws when sessions were lost and
 * the maintenance one with them, because then it is the server that is gone, or about to go.
 */
async function inEach<T>(
  sessions: Sessions,
  places: readonly Place[],
  run: (place: Place) => Promise<T>,
): Promise<PlaceResult<T>[]> {
  const lost: PostgresError[] = [];
  const results = await eachOf(places, atOnce, async (place): Promise<PlaceResult<T>> => {
    try {
      return { result: await run(place), conflicts: [], notes: [] };
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      if (isServerGone(error)) lost.push(error);
      const problem = {
        object: objectName('database', place.database.name),
        message: withAdvice(error.message),
      };
      // Somebody else's database that is out of order is no failure of the cluster.
      return hasContents(place.database) || isPassing(error)
        ? { result: undefined, conflicts: [problem], notes: [] }
        : { result: undefined, conflicts: [], notes: [problem] };
    }
  });
  const [first] = lost;
  if (first && (lost.length === places.length || !(await answers(sessions)))) throw first;
  return results;
}

function answers(sessions: Sessions): Promise<boolean> {
  const asked = sessions.use(undefined, (connection) => connection.query('select 1'));
  return asked.then(
    () => true,
    () => false,
  );
}

/** An extension may end its session, too; that says nothing about the server. */
function isServerGone({ connectionLost, code }: PostgresError): boolean {
  return connectionLost && (code === undefined || /^(?:08|57|E)/.test(code));
}

/** Whether it is worth trying again soon. Every refusal at the door ends the connection, so that this says nothing. */
function isPassing({ code }: PostgresError): boolean {
  return code === undefined || /^(?:08|40|53|55|57|E)/.test(code);
}

function joined(cluster: Plan, places: readonly PlaceResult<Plan>[]): Plan {
  const plans = [cluster, ...places.flatMap(({ result }) => result ?? [])];
  return {
    steps: plans.flatMap(({ steps }) => steps),
    conflicts: [
      ...plans.flatMap(({ conflicts }) => conflicts),
      ...places.flatMap(({ conflicts }) => conflicts),
    ],
    notes: [...plans.flatMap(({ notes }) => notes), ...places.flatMap(({ notes }) => notes)],
  };
}
