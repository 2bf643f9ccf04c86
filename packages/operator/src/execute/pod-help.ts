import { isConflict, isNotFound } from '@pgherd/kube/client';
import type { Member } from '../observe/observed.ts';
import { kinds } from '../kinds.ts';
import { passwordScript } from '@pgherd/postgres';
import { fieldManager, formerPasswordAnnotation } from '../names.ts';
import type { PodHelp } from './database-access.ts';
import type { Hands, StepContext } from './executor.ts';

/** How long `psql` may take. */
const timeoutMs = 20_000;

/** As the operator's own sessions are: nothing that a user planted is found, and no replica is waited for. */
const sessionOptions =
  '-c search_path=pg_catalog,pg_temp -c client_encoding=UTF8 -c synchronous_commit=local -c log_transaction_sample_rate=0';

/** Over the Unix socket: nothing of the container's own environment, no file of settings, no prompt. */
const psql = 'psql -X -q -w -v ON_ERROR_STOP=1 -h /var/run/postgresql -p 5432 -d postgres -f -'.split(' ');

/** What is done in and about the pods of a cluster; `primary` is the pod that accepts writes. */
export function podHelp(hands: Hands, context: StepContext, primary: string): PodHelp {
  const { formerPassword } = context;
  return {
    ...(formerPassword === undefined ? {} : { formerPassword }),
    async passwordsChange(roles) {
      for (const role of roles) {
        for (const member of context.startedBefore(role)) await mark(hands, context, member, role);
      }
    },
    async setSuperuserPassword() {
      const { superuser, namespace } = context;
      if (superuser === undefined) return;
      const { exitCode, stderr } = await hands.client.exec(
        { namespace, name: primary },
        {
          container: 'postgres',
          command: [
            'env',
            `PGOPTIONS=${sessionOptions}`,
            'PGCONNECT_TIMEOUT=10',
            ...psql,
            '-U',
            superuser.username,
          ],
          stdin: await passwordScript(superuser.username, superuser.password),
          signal: AbortSignal.timeout(timeoutMs),
        },
      );
      if (exitCode === 0) return;
      throw new Error(`psql in pod ${primary}: ${firstLine(stderr)}`);
    },
  };
}

/** The mark stays until the pod is replaced, so that a process that ends in between forgets nothing. */
async function mark(hands: Hands, { namespace }: StepContext, member: Member, role: string): Promise<void> {
  const { uid, annotations = {} } = member.pod.metadata;
  if (annotations[formerPasswordAnnotation] !== undefined) return;
  const body = { metadata: { uid, annotations: { [formerPasswordAnnotation]: role } } };
  try {
    const key = { namespace, name: member.name };
    hands.written(
      kinds.pod,
      await hands.client.patch(kinds.pod, key, { type: 'merge', body }, { fieldManager }),
    );
  } catch (error) {
    // A pod that is gone, or was made again, knows the new password.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
