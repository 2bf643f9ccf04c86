import type { Pod, Taint, Toleration } from '@pgherd/kube/objects';

/** Whether the pod stays, or may be put, where this taint is; for a while only is not enough. */
export function tolerates(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some(
    (toleration) => toleration.tolerationSeconds === undefined && matches(toleration, taint),
  );
}

function matches(
  { key = '', operator = 'Equal', value = '', effect = '' }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key === '') return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
}
