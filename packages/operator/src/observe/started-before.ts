import type { Secret } from '@pgherd/kube/objects';
import { fieldManager } from '../names.ts';
import { kinds } from '../kinds.ts';
import { find, type Member, type Observed } from './observed.ts';

/** The clocks of the API server and of the nodes may differ by this much. */
const toleranceMs = 60_000;

/**
 * Members whose container `postgres` began to run before the password of a Secret was written: what they got of it as
 * variables may be a former one. In doubt all of those that run.
 */
export function startedBefore(observed: Observed, secretName: string): Member[] {
  const written = passwordTime(find(observed, kinds.secret, secretName) as Secret | undefined);
  return observed.members.filter((member) => {
    if (!member.running) return false;
    const container = member.pod.status?.containerStatuses?.find(({ name }) => name === 'postgres');
    const started = Date.parse(container?.state?.running?.startedAt ?? '');
    return !(started > written + toleranceMs);
  });
}

/** When whoever wrote the password wrote to the Secret last, in milliseconds; NaN when nobody says so. */
function passwordTime(secret: Secret | undefined): number {
  const times = (secret?.metadata.managedFields ?? [])
    .filter(({ fieldsV1 = {} }) => 'f:password' in dataOf(fieldsV1))
    .map(({ time }) => Date.parse(time ?? ''));
  return times.length === 0 ? Number.NaN : Math.max(...times);
}

/** Whether pgherd has ever written to this object. */
export function isWrittenByUs(secret: Secret): boolean {
  return (secret.metadata.managedFields ?? []).some(({ manager }) => manager === fieldManager);
}

function dataOf(fields: object): object {
  const data = (fields as Record<string, unknown>)['f:data'];
  return typeof data === 'object' && data !== null ? data : {};
}
