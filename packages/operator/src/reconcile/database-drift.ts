import type { Clock } from '@pgherd/kube/objects';
import { PostgresError, type Declared } from '@pgherd/postgres';
import type { DatabaseAccess } from '../execute/database-access.ts';
import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import { databaseFingerprint } from '../plan/database.ts';
import { nextLookMs, takePlace, type Round, type RoundMemory } from './database-round.ts';
import type { PassGoal } from './goal.ts';

/** What a look needs to know. */
export interface DriftQuestion {
  observed: Observed;
  pass: Pick<PassGoal, 'goal' | 'declared' | 'superuser'>;
  /** How long a round through everything takes, in milliseconds; 0 for never. */
  periodMs: number;
}

/** Roles, and which databases there are: one query in the maintenance database. */
const everywhere = '';
/** What poolers need in every database, also in those that nobody declared. */
const lookup = '*';

/**
 * Looks for what somebody changed inside PostgreSQL by hand: nothing tells of that. Roles and each database have their turn
 * once in a period, spread over it, so that a look is one short session.
 */
export class DatabaseDrift {
  readonly #database: DatabaseAccess;
  readonly #clock: Clock;

  constructor(database: DatabaseAccess, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Looks when it is time. Answers what is different from what is declared, a line each; nothing when all is in line or
   * the server cannot be reached: then there is more to see to than this.
   */
  async find(question: DriftQuestion, memory: RoundMemory): Promise<string[]> {
    const { observed, pass } = question;
    const address = leaderOf(observed)?.address;
    if (address === undefined || pass.superuser === undefined || this.next(question, memory) !== 0) return [];
    const place = takePlace(memory, roundOf(question), this.#clock.now());
    try {
      return await this.#database.look(address, pass.superuser, partOf(pass.declared, place));
    } catch (error) {
      // That the password is not accepted any more is a change, too.
      if (error instanceof PostgresError && error.code?.startsWith('28') === true) return [error.message];
      return [];
    }
  }

  /** Milliseconds until the next look; undefined while there is nothing to look at, or work to be done there. */
  next(question: DriftQuestion, memory: RoundMemory): number | undefined {
    return isInLine(question) ? nextLookMs(memory, roundOf(question), this.#clock.now()) : undefined;
  }
}

function isInLine({ observed, pass }: DriftQuestion): boolean {
  const { database } = pass.goal;
  const leader = leaderOf(observed);
  if (database === undefined || leader === undefined || !isStreaming(observed, leader)) return false;
  return databaseFingerprint(database, observed) === observed.databaseFingerprint;
}

function roundOf({ observed, pass, periodMs }: DriftQuestion): Round {
  const { databases, lookup: wanted } = pass.declared;
  const names = databases.filter(hasContents).map(({ name }) => name);
  const places = [everywhere, ...(wanted === undefined ? [] : [lookup]), ...names];
  return { cluster: `${observed.namespace}/${observed.name}`, places, periodMs };
}

function hasContents({
  schemas = [],
  extensions = [],
  defaultPrivileges = [],
}: Declared['databases'][number]) {
  return schemas.length + extensions.length + defaultPrivileges.length > 0;
}

/** What is declared of one place. Only the look at the roles may miss people, and retire old roles of rotations. */
export function partOf(declared: Declared, place: string): Declared {
  const none: Declared = { roles: [], databases: [] };
  if (place === lookup) return declared.lookup === undefined ? none : { ...none, lookup: declared.lookup };
  if (place !== everywhere)
    return { ...none, databases: declared.databases.filter(({ name }) => name === place) };
  const { lookup: _, ...rest } = declared;
  return {
    ...rest,
    databases: declared.databases.map(
      ({ schemas: _schemas, extensions: _extensions, defaultPrivileges: _privileges, ...database }) =>
        database,
    ),
  };
}
