import type { FailedStep } from './execute.ts';
import { nameOf } from './plan/step.ts';

/** What a refused step is told as, with what to do about it where that is known. Without secrets. */
export function problemOf({ step, error }: FailedStep): string {
  const advice = /shared_preload_libraries|must be preloaded/.test(error.message)
    ? '; add its library to shared_preload_libraries under spec.postgresql.parameters, which restarts the servers'
    : '';
  return `${nameOf(step)}: ${error.message}${advice}`;
}
