import type { Clock } from '@pgherd/kube/objects';

/** The time as Kubernetes writes it: RFC 3339, whole seconds. */
export function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}
