import { literal, readable } from '../sql.ts';
import type { Guard } from './guard.ts';

/** Statements that belong together, with the reason. */
export interface Step {
  /** What it does, e.g. `create role zalando`. */
  what: string;
  /** Why, e.g. `spec.users.zalando: there is no such role`. */
  why: string;
  /** The database that it runs in. Missing: any, because it is about roles and databases themselves. */
  database?: string;
  statements: string[];
  /** The same for people's eyes: passwords and verifiers replaced. */
  shown: string[];
  /** Whether a statement contains a verifier, so that nothing may keep its text. */
  secret: boolean;
  /**
   * Whether the statements run in one transaction, perhaps together with those of other steps. `CREATE DATABASE`
   * cannot; what relies on the steps before it being committed must not.
   */
  transaction: boolean;
  /** `what` of the steps in the same database without which this one cannot be done. */
  needs?: string[];
  /** Looked at in the transaction, before the statements. */
  guard?: Guard;
}

/** A declaration that cannot be carried out. */
export interface Conflict {
  /** E.g. `role "foo"`, `database "bar"`. */
  object: string;
  /** What is wrong and what to do. */
  message: string;
}

/** Something to know that is no failure. */
export interface Note {
  /** E.g. `role "foo"`. */
  object: string;
  message: string;
}

/** One statement; with another form for people's eyes when it contains a verifier. */
export type Statement = string | { sql: string; shown: string };

/** `write` makes the statement; it gets the quoted verifier, or what stands for it where people look. */
export function secretStatement(verifier: string, write: (quoted: string) => string): Statement {
  return { sql: write(literal(verifier)), shown: write("'********'") };
}

/** `options`: see `Step`; `transaction` is true if it is missing. */
export function step(
  what: string,
  why: string,
  statements: readonly Statement[],
  options: Partial<Pick<Step, 'database' | 'transaction' | 'needs' | 'guard'>> = {},
): Step {
  return {
    ...options,
    what,
    why,
    statements: statements.map((statement) => (typeof statement === 'string' ? statement : statement.sql)),
    shown: statements.map((statement) => (typeof statement === 'string' ? statement : statement.shown)),
    secret: statements.some((statement) => typeof statement !== 'string'),
    transaction: options.transaction ?? true,
  };
}

/** A reason, with the place of the declaration in front where it is known. */
export function because(declaration: { source?: string }, reason: string): string {
  return declaration.source === undefined ? reason : `${declaration.source}: ${reason}`;
}

/** How a conflict names its object. */
export function objectName(kind: 'role' | 'database', name: string): string {
  return `${kind} ${JSON.stringify(name)}`;
}

/** What the step does, and in which database. */
export function nameOf({ what, database }: Pick<Step, 'what' | 'database'>): string {
  return database === undefined ? what : `in database ${readable(database)}: ${what}`;
}
