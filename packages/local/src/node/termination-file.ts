import { join } from 'node:path';

/** The host's file behind a container's `terminationMessagePath`: one per attempt, as each starts empty. */
export function terminationFile(podDirectory: string, container: string, attempt: number): string {
  return join(podDirectory, 'containers', container, `termination-log-${attempt}`);
}
