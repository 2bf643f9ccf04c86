import type { ResourceDefinition } from '../definition.ts';
import { appsResources } from './apps.ts';
import { batchResources } from './batch.ts';
import { coreResources } from './core.ts';
import { eventsResource } from './events-group.ts';
import { otherResources } from './other-groups.ts';

/** Every built-in kind that is stored. */
export const builtinResources: readonly ResourceDefinition[] = [
  ...coreResources,
  ...appsResources,
  ...batchResources,
  eventsResource,
  ...otherResources,
];
