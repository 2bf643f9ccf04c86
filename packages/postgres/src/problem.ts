import type { FailedStep } from './execute.ts';
import { nameOf } from './plan/step.ts';

/** What a refused step is told as, with what to do about it where that is known. Without secrets. */
export function problemOf({ step, error }: FailedStep): string {
  const isExtension = step.what.startsWith('create extension ');
  return `${nameOf(step)}: ${isExtension ? withAdvice(error.message) : error.message}`;
}

/** The same with what to do, if it is the message of an extension whose library is not loaded. */
export function withAdvice(message: string): string {
  // The last one is pg_cron's, which looks for a parameter of its own.
  if (!/shared_preload_libraries|must be preloaded|unrecognized configuration parameter/.test(message))
    return message;
  return `${message}; add the extension's library to shared_preload_libraries under spec.postgresql.parameters, which restarts the servers`;
}
