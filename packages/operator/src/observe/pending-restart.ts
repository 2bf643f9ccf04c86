import { isObject } from '../plan/list-keys.ts';

/** A parameter that waits for a restart. */
export interface PendingChange {
  name: string;
  /** As text, with units; `?` when it is not known. */
  before: string;
  after: string;
}

/**
 * What waits for a restart, by name, from what Patroni publishes of a member or answers about itself
 * (`pending_restart_reason`, since Patroni 4; before that nobody says what it is).
 */
export function pendingChanges(said: unknown): PendingChange[] {
  const reasons = isObject(said) ? said['pending_restart_reason'] : undefined;
  if (!isObject(reasons)) return [];
  return Object.entries(reasons)
    .map(([name, change]) => ({
      name,
      before: textOf(isObject(change) ? change['old_value'] : undefined),
      after: textOf(isObject(change) ? change['new_value'] : undefined),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}
