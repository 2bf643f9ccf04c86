import type { Strategy } from '../definition.ts';
import { allocateService, keepAllocations } from '../service-allocation.ts';
import { validateService, validateServiceUpdate } from '../validation/service.ts';

export const serviceStrategy: Partial<Strategy> = {
  nameRule: 'label1035',
  createOnUpdate: true,
  returnDeleted: true,
  fields: (object) => {
    const spec = (object['spec'] ?? {}) as { clusterIP?: string; type?: string };
    return { 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' };
  },
  prepareCreate: (object, around) => {
    object['status'] = { loadBalancer: {} };
    allocateService(object, undefined, around);
  },
  prepareUpdate: (next, old, around) => {
    keepAllocations(next, old);
    allocateService(next, old, around);
  },
  validate: (object) => validateService(object),
  validateUpdate: (next, old) => validateServiceUpdate(next, old),
};
