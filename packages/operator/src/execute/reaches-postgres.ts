import type { Client, ObjectKey } from '@pgherd/kube/client';

const timeoutMs = 10_000;

/** Exit code of pg_isready for a server that does not answer at all; one that refuses logins answers. */
const noAnswer = 2;

/**
 * Whether PostgreSQL at the address answers somebody in this database pod; undefined when that cannot be tried: commands may
 * not be run there, or the image has no pg_isready.
 */
export async function reachesPostgres(
  client: Pick<Client, 'exec'>,
  pod: ObjectKey,
  address: string,
): Promise<boolean | undefined> {
  const command = ['pg_isready', '-q', '-t', '5', '-h', address, '-p', '5432'];
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { exitCode } = await client.exec(pod, { container: 'postgres', command, signal });
    return exitCode === noAnswer ? false : exitCode <= 1 ? true : undefined;
  } catch {
    return undefined;
  }
}
