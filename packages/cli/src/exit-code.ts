/** Exit codes of every command. */
export const exitCode = {
  done: 0,
  failed: 1,
  /** `plan` only: there is something to do. */
  changes: 2,
  notFound: 3,
  timedOut: 4,
  wrongUsage: 64,
} as const;

/** A failure that ends the command with its own exit code; the message is all that a person sees. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, code: number = exitCode.failed) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = code;
  }
}
