import { createHash } from 'node:crypto';

/**
 * Name of the Lease that operators with the same `CONTROLLER_ID` compete for; those with others work beside them. An
 * id that is no name of an object is told apart by a hash.
 */
export function leaseName(controllerId: string): string {
  if (controllerId === '') return 'pgherd-operator';
  const name = controllerId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 30);
  if (name === controllerId) return `pgherd-operator-${name}`;
  const hash = createHash('sha256').update(controllerId).digest('hex').slice(0, 8);
  return `pgherd-operator-${name === '' ? '' : `${name}-`}${hash}`;
}
