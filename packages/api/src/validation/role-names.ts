/** PostgreSQL cuts longer names off. */
export const nameLength = 63;

/** Names of roles that PostgreSQL keeps for itself. */
export function isReserved(name: string): boolean {
  return name.startsWith('pg_') || name === 'public' || name === 'none';
}
