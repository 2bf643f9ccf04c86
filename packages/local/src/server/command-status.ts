import { ApiError, type Status } from '@pgherd/kube/objects';
import { statusOf } from './respond.ts';

/** How the end of a command is told: success, or the exit code as a cause. */
export function exitStatus(code: number): Partial<Status> {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** How a command that could not be run, or was lost, is told. */
export function failureStatus(error: unknown): Status {
  return error instanceof ApiError ? error.status : statusOf(error);
}
