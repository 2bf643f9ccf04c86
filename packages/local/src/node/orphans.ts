import type { NodeContext } from './context.ts';
import type { RuntimeContainer } from './runtime.ts';

/** How often a container is looked at that was asked to end, milliseconds. */
const LOOK_MS = 200;

/**
 * Ends and removes containers of this instance whose pods the registry no longer has, with the grace period that
 * their labels remember, and the directories of pods that are neither known nor running.
 */
export async function removeOrphans(
  context: NodeContext,
  orphans: readonly RuntimeContainer[],
  known: ReadonlySet<string>,
): Promise<void> {
  const uids = new Set(orphans.map((each) => each.podUid));
  await Promise.all(
    [...uids].map(async (uid) => {
      const members = orphans.filter((each) => each.podUid === uid);
      context.log.info({ pod: members[0]?.podName, uid }, 'its pod is gone: ending its containers');
      await Promise.all(
        members.filter((each) => each.container !== undefined).map((each) => end(context, each)),
      );
      for (const sandbox of members.filter((each) => each.container === undefined)) {
        await context.runtime.remove(sandbox.id);
      }
    }),
  );
  const leftovers = context.directories.known().filter((uid) => !known.has(uid));
  for (const uid of leftovers) await context.directories.remove(uid);
}

async function end({ runtime, clock }: NodeContext, container: RuntimeContainer): Promise<void> {
  if (container.state === 'running') {
    const deadline = clock.now() + container.gracePeriod * 1000;
    await runtime.signal(container.id, 'SIGTERM');
    while (clock.now() < deadline && (await runtime.inspect(container.id))?.state === 'running') {
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    }
  }
  await runtime.remove(container.id);
}
