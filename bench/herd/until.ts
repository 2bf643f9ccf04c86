/** How often a condition is looked at, in milliseconds. */
const pollMs = 50;

/**
 * Waits until `probe` answers true; an exception is a no. Throws after the deadline, with what `why` says, and whatever
 * `check` throws.
 */
export async function until(
  what: string,
  probe: () => Promise<boolean> | boolean,
  options: { timeoutSeconds?: number; why?: () => string; check?: () => void } = {},
): Promise<void> {
  const { timeoutSeconds = 120, why = () => '', check = () => {} } = options;
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    check();
    if (await Promise.resolve(probe()).catch(() => false)) return;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutSeconds} s. ${why()}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
