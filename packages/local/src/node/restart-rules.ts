import type { Container, Pod } from '@pgherd/kube/objects';
import { isSidecar } from './status.ts';

/** One container as far as starting it is concerned; undefined where it never ran. */
export interface ContainerView {
  running: boolean;
  /** Its startup probe succeeded, or it has none. */
  started: boolean;
  /** Of the last run, when it does not run. */
  exitCode: number;
}

/**
 * Which containers of a pod have to be started now: init containers one after the other, sidecars as long as the
 * pod runs, then all others by the restart policy.
 * Source: kubernetes.io/docs/concepts/workloads/pods/init-containers and …/pod-lifecycle.
 */
export function containersToStart(pod: Pod, view: (name: string) => ContainerView | undefined): Container[] {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const inits = pod.spec?.initContainers ?? [];
  const apps = pod.spec?.containers ?? [];
  const result: Container[] = [];
  const begun = apps.some((container) => view(container.name) !== undefined);

  for (const container of inits) {
    const seen = view(container.name);
    if (isSidecar(container)) {
      if (seen === undefined && !begun) return [...result, container];
      if (seen?.running !== true) result.push(container);
      if (!begun && seen?.started !== true) return result;
      continue;
    }
    if (begun) continue;
    if (seen === undefined) return [...result, container];
    if (seen.running) return result;
    if (seen.exitCode !== 0) return policy === 'Never' ? result : [...result, container];
  }
  for (const container of apps) {
    const seen = view(container.name);
    if (seen === undefined || (!seen.running && mayRestart(policy, seen.exitCode))) result.push(container);
  }
  return result;
}

function mayRestart(policy: string, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}
