import type { Group } from './key.ts';
import { type ValueKind, boolean } from './value.ts';

/** A setting of older versions that is understood and does nothing. */
export interface OldKey {
  group: Group;
  kind: ValueKind<unknown>;
  /** What took its place, as a sentence. */
  instead: string;
}

/**
 * Settings that Zalando's operator no longer acts on either, but that configurations of 2018 and later may still
 * have. That they are known keeps them from being taken for typing errors and from being refused by the API server.
 */
export const oldKeys: Record<string, OldKey> = {
  // It must not act: it would open clusters to the outside that its last versions left closed.
  enable_load_balancer: {
    group: 'load_balancer',
    kind: boolean,
    instead: 'set `enable_master_load_balancer` and `enable_replica_load_balancer`.',
  },
  enable_crd_validation: {
    group: '',
    kind: boolean,
    instead: 'the CustomResourceDefinitions always have a schema; remove it.',
  },
};
