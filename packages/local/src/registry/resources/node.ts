import type { Strategy } from '../definition.ts';

export const nodeStrategy: Partial<Strategy> = {
  fields: (object) => {
    const spec = (object['spec'] ?? {}) as { unschedulable?: boolean };
    return { 'spec.unschedulable': String(spec.unschedulable ?? false) };
  },
  // Nodes may bring their status along when they are created.
  prepareCreate: () => {},
};
