/**
 * Why nobody can tell who is in a team:
 * - `unreachable`: no answer came, or it broke off;
 * - `unauthorized`: the token was refused;
 * - `refused`: the API answered with another error, or sent the request elsewhere;
 * - `garbled`: what came is no answer of a Teams API.
 */
export type TeamsFailure = 'unreachable' | 'unauthorized' | 'refused' | 'garbled';

/** A question to the Teams API that failed. The message says what to do, and never has the token in it. */
export class TeamsError extends Error {
  readonly failure: TeamsFailure;

  constructor(failure: TeamsFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TeamsError';
    this.failure = failure;
  }
}
