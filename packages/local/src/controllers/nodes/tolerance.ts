import type { Pod, Taint } from '@pgherd/kube/objects';
import { tolerates } from '../../scheduler/tolerations.ts';

/** A taint of effect NoExecute, and since when it drives pods away, milliseconds since 1970. */
export interface Driver {
  taint: Taint;
  since: number;
}

/**
 * When these taints drive the pod from its node, milliseconds since 1970: at once where one is not tolerated, after the
 * shortest `tolerationSeconds` otherwise; undefined when the pod may stay for ever.
 */
export function drivenOutAt(pod: Pod, drivers: readonly Driver[]): number | undefined {
  let earliest: number | undefined;
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime;
  const arrived = Date.parse(scheduled ?? pod.metadata.creationTimestamp ?? '') || 0;
  for (const { taint, since } of drivers) {
    const toleration = (pod.spec?.tolerations ?? []).find((each) => tolerates(each, taint));
    if (toleration === undefined) return since;
    if (toleration.tolerationSeconds === undefined) continue;
    const end = Math.max(since, arrived) + Math.max(0, toleration.tolerationSeconds) * 1000;
    earliest = Math.min(earliest ?? end, end);
  }
  return earliest;
}
