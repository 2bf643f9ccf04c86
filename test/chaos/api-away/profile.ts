/** Settings of Patroni that are measured beside each other, each on a cluster of its own. */
export interface Profile {
  id: string;
  /** Section `patroni` of the manifest, beside `synchronous_mode`. */
  patroni: Record<string, unknown>;
}

/** Every one keeps Patroni's rule: `loop_wait` + 2 × `retry_timeout` ≤ `ttl`. */
export const profiles: readonly Profile[] = [
  { id: 'default', patroni: {} },
  { id: 'no-failsafe', patroni: { failsafe_mode: false } },
  { id: 'quick', patroni: { ttl: 20, loop_wait: 5, retry_timeout: 5 } },
  { id: 'quick-no-failsafe', patroni: { ttl: 20, loop_wait: 5, retry_timeout: 5, failsafe_mode: false } },
  { id: 'patient', patroni: { ttl: 60, loop_wait: 10, retry_timeout: 25 } },
  { id: 'patient-no-failsafe', patroni: { ttl: 60, loop_wait: 10, retry_timeout: 25, failsafe_mode: false } },
];
