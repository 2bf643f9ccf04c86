import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import { store } from './create.ts';
import type { ResourceDefinition } from './definition.ts';
import { readDeleteOptions } from './delete-options.ts';
import { timestamp, type Kernel } from './kernel.ts';
import { readOrThrow } from './read.ts';
import type { WriteOptions } from './registry.ts';
import { remove } from './remove.ts';
import { decodeForSubresource } from './subresource-kinds.ts';
import { matchesLabelSelector } from './selectors.ts';

const budgets = 'policy/poddisruptionbudgets';

interface PodStatus {
  phase?: string;
  conditions?: { type: string; status: string }[];
}

interface BudgetStatus {
  disruptionsAllowed?: number;
  observedGeneration?: number;
  desiredHealthy?: number;
  currentHealthy?: number;
  disruptedPods?: Record<string, string>;
}

/** Deletes a pod if the budgets that select it allow one more disruption. */
export function evict(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const pod = readOrThrow(kernel, definition, namespace, name);
  const { phase = '' } = (pod['status'] ?? {}) as PodStatus;
  // What does not run, or is about to go, disrupts nothing.
  const counts = !['Pending', 'Succeeded', 'Failed'].includes(phase) && !pod.metadata.deletionTimestamp;
  // The older version of the kind, which clients still send, is the same.
  const known = input.apiVersion === 'policy/v1beta1' ? { ...input, apiVersion: 'policy/v1' } : input;
  const eviction = decodeForSubresource('Eviction', known, options);
  const deleteOptions = readDeleteOptions((eviction['deleteOptions'] ?? {}) as Record<string, unknown>);
  const dryRun = deleteOptions.dryRun || (options.dryRun ?? false);
  if (counts) takeDisruption(kernel, namespace ?? '', pod, dryRun);
  if (!dryRun && !pod.metadata.deletionTimestamp) markEvicted(kernel, definition, pod);
  remove(kernel, definition, namespace, name, { ...deleteOptions, dryRun });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** Says in the pod's status why it goes. */
function markEvicted(kernel: Kernel, definition: ResourceDefinition, pod: KubeObject): void {
  const status = (pod['status'] ?? {}) as PodStatus;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: timestamp(kernel.clock.now()),
  };
  const others = (status.conditions ?? []).filter(({ type }) => type !== condition.type);
  const next = { ...structuredClone(pod), status: { ...status, conditions: [...others, condition] } };
  store(kernel, definition, next, false);
}

function isReady(pod: KubeObject): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as PodStatus;
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function takeDisruption(kernel: Kernel, namespace: string, pod: KubeObject, dryRun: boolean): void {
  const selecting = kernel.store.list(budgets, namespace).filter((budget) => {
    const { selector } = (budget['spec'] ?? {}) as { selector?: Parameters<typeof matchesLabelSelector>[0] };
    return selector && matchesLabelSelector(selector, pod.metadata.labels ?? {});
  });
  if (selecting.length > 1) {
    throw new ApiError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const budget = selecting[0];
  if (!budget) return;
  const status = (budget['status'] ?? {}) as BudgetStatus;
  const budgetName = budget.metadata.name ?? '';
  if (!isReady(pod)) {
    // One that serves nobody may go, as long as those that serve are enough, or whenever the budget says so.
    const { unhealthyPodEvictionPolicy } = (budget['spec'] ?? {}) as { unhealthyPodEvictionPolicy?: string };
    const { currentHealthy = 0, desiredHealthy = 0 } = status;
    if (unhealthyPodEvictionPolicy === 'AlwaysAllow') return;
    if (desiredHealthy > 0 && currentHealthy >= desiredHealthy) return;
  }
  const refuse = (message: string, retryAfterSeconds?: number): ApiError =>
    new ApiError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [{ reason: 'DisruptionBudget', message }],
        ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
      },
    );
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw refuse(`The disruption budget ${budgetName} is still being processed by the server.`, 10);
  }
  const allowed = status.disruptionsAllowed ?? 0;
  if (allowed <= 0) {
    throw refuse(
      `The disruption budget ${budgetName} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
    );
  }
  const definition = kernel.catalog.get({ group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' });
  const next = structuredClone(budget);
  const evicted = { [pod.metadata.name ?? '']: timestamp(kernel.clock.now()) };
  next['status'] = {
    ...status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...status.disruptedPods, ...evicted },
  };
  store(kernel, definition, next, dryRun);
}
