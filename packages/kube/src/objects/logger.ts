/** Writes one line: what happened, with fields for machines. pino's signature, so a pino logger is one. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/** Where a component reports what it does. Errors go into the field `err`. */
export interface Logger {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}

const nothing: LogMethod = () => {};

/** Drops everything. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
