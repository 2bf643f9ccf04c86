import { psqlCommand } from '../cluster/psql.ts';
import type { Target } from '../cluster/target.ts';

/** How long it is waited for. The server goes on with it all the same. */
const limitMs = 30_000;

/** What the stop of this member need not write then, while nobody can use the database. It is a help and no condition. */
export async function checkpoint({ client, namespace }: Target, member: string): Promise<void> {
  await client
    .exec(
      { namespace, name: member },
      {
        container: 'postgres',
        command: psqlCommand(undefined, 'postgres', ['-Xqc', 'CHECKPOINT']),
        signal: AbortSignal.timeout(limitMs),
      },
    )
    .catch(() => undefined);
}
