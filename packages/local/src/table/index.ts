export { toTable } from './to-table.ts';
export type { TableOptions, TableResource, TableRow } from './to-table.ts';
export { humanDuration } from './human-duration.ts';
