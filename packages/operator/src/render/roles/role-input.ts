import type { RenderInput } from '../input.ts';

/** All that says who the roles of a cluster are. */
export type RoleInput = Pick<RenderInput, 'manifest' | 'configuration' | 'infrastructure' | 'people'>;
