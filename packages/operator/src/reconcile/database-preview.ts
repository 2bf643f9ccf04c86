import {
  nameOf,
  PasswordChecker,
  planNewServer,
  planPass,
  type Declared,
  type NewServer,
  type Plan as PostgresPlan,
  type Sessions,
} from '@pgherd/postgres';
import type { Plan, Step, Track } from '../plan/step.ts';
import type { Preview } from './preview.ts';

/** What is to do inside PostgreSQL, by name and statement, as far as it was looked into. */
export interface DatabaseSteps {
  steps: Pick<Step, 'what' | 'why' | 'sql'>[];
  /** Declarations that cannot be carried out, and what is left for later. */
  conflicts: string[];
}

/** Looks into the server, only reading; passwords and verifiers are masked. Throws what `planPass` throws. */
export async function lookIntoDatabase(sessions: Sessions, declared: Declared): Promise<DatabaseSteps> {
  const { plan } = await planPass(sessions, declared, new PasswordChecker());
  return stepsOf(plan);
}

/** What will be done in a server that does not exist yet. */
export function expectInDatabase(server: NewServer, declared: Declared): DatabaseSteps {
  return stepsOf(planNewServer(declared, server));
}

function stepsOf(plan: PostgresPlan): DatabaseSteps {
  return {
    steps: plan.steps.map((step) => ({ what: nameOf(step), why: [step.why], sql: step.shown })),
    conflicts: [...plan.conflicts, ...plan.notes].map(({ object, message }) => `${object}: ${message}`),
  };
}

/** The preview with the steps that were found, in place of the one step that only says that it will look. */
export function withDatabaseSteps(preview: Preview, found: DatabaseSteps): Preview {
  const { database, plan } = preview;
  if (database === undefined) return preview;
  const steps = found.steps.map((step, index): Step => ({
    ...step,
    disturbs: 'nothing',
    action: database.step.action,
    ...(index > 0 || database.step.waitFor === undefined ? {} : { waitFor: database.step.waitFor }),
  }));
  const others = plan.tracks.filter(({ name }) => name !== 'database');
  const tracks: Track[] = steps.length === 0 ? others : [...others, { name: 'database', steps }];
  const changed: Plan = { tracks };
  return { ...preview, plan: changed, warnings: [...preview.warnings, ...found.conflicts] };
}
