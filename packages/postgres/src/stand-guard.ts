import { setTimeout } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { PostgresError } from './error.ts';
import type { Guard } from './plan/guard.ts';

/** How often it is looked whether what passes has passed, and the pause in between. Together 5 s. */
const looks = 50;
const pauseMs = 100;

/** SQLSTATE `lock_not_available`: trying again helps. */
const lockNotAvailable = '55P03';

/** Throws `PostgresError` if something is in the way. To be called inside the transaction that it guards. */
export async function standGuard(connection: Connection, guard: Guard): Promise<void> {
  await connection.query(guard.lock);
  for (let look = 1; ; look += 1) {
    const found = await connection.query<{ found: string; passing: boolean }>(guard.query);
    if (found.length === 0) return;
    const staying = found.filter(({ passing }) => !passing);
    if (staying.length > 0) throw new PostgresError(`${namesOf(staying)}: ${guard.advice}`, undefined, false);
    if (look === looks)
      throw new PostgresError(
        `${namesOf(found)}: it may have made something that cannot be seen yet; tried again later.`,
        lockNotAvailable,
        false,
      );
    await setTimeout(pauseMs);
  }
}

function namesOf(rows: readonly { found: string }[]): string {
  return rows.map(({ found }) => found).join(', ');
}
