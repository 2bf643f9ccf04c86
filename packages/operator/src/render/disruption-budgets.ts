import type { Desired } from '../kinds.ts';
import { kinds } from '../kinds.ts';
import { selectorLabels, withRole } from '../labels.ts';
import { criticalBudgetName, primaryBudgetName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { instancesOf } from './instances.ts';
import { clusterObject } from './metadata.ts';

/** Label on pods that must not be evicted at all, during a bootstrap or an upgrade. */
export const criticalOperationLabel = 'critical-operation';

/** Two budgets: evictions spare the primary, and everybody while a critical operation is going on. */
export function renderDisruptionBudgets(input: RenderInput): Desired[] {
  const { configuration, manifest } = input;
  const { name } = identityOf(manifest);
  const selector = selectorLabels(configuration, name);
  const protecting = configuration.enable_pod_disruption_budget && instancesOf(configuration, manifest) > 0;
  return [
    clusterObject(input, kinds.podDisruptionBudget, primaryBudgetName(configuration, name), {
      spec: {
        minAvailable: protecting ? minAvailable(input) : 0,
        selector: {
          matchLabels: configuration.pdb_master_label_selector
            ? withRole(configuration, selector, 'master')
            : selector,
        },
      },
    }),
    clusterObject(input, kinds.podDisruptionBudget, criticalBudgetName(name), {
      spec: {
        maxUnavailable: protecting ? 0 : '100%',
        selector: { matchLabels: { ...selector, [criticalOperationLabel]: 'true' } },
      },
    }),
  ];
}

/** Without the role in the selector, strict synchronous mode needs its standbys as well to be writable. */
function minAvailable(input: RenderInput): number {
  const { configuration, manifest } = input;
  const patroni = manifest.spec.patroni;
  if (configuration.pdb_master_label_selector || patroni?.synchronous_mode_strict !== true) return 1;
  // Patroni's default; 0 is how manifests leave it out.
  return (patroni.synchronous_node_count || 1) + 1;
}
