import type { Desired } from '../kinds.ts';
import { renderClaims } from './claims.ts';
import { renderDisruptionBudgets } from './disruption-budgets.ts';
import type { RenderInput } from './input.ts';
import { renderLogicalBackup } from './logical-backup.ts';
import { renderApiSecret } from './patroni-api.ts';
import { renderPatroniObjects } from './patroni-objects.ts';
import { renderPoolers } from './pooler.ts';
import { renderSecrets } from './secrets.ts';
import { renderServiceAccount } from './service-account.ts';
import { renderServices } from './services.ts';
import { renderStatefulSet } from './statefulset.ts';

/**
 * All objects that should exist for a cluster, in the order in which they are made: what pods need comes before them.
 * Pure: the same input gives the same objects.
 */
export function render(input: RenderInput): Desired[] {
  return [
    ...renderServiceAccount(input),
    ...renderSecrets(input),
    ...renderApiSecret(input),
    ...renderServices(input),
    ...renderDisruptionBudgets(input),
    renderStatefulSet(input),
    ...renderClaims(input),
    ...renderPoolers(input),
    ...renderLogicalBackup(input),
    ...renderPatroniObjects(input),
  ];
}
