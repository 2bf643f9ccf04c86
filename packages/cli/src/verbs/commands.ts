import type { Command } from 'commander';
import type { VerbOptions } from './common.ts';
import type { FailoverOptions } from './failover.ts';
import type { MaintenanceOptions } from './maintenance.ts';
import type { RestartOptions } from './restart.ts';
import type { SwitchoverOptions } from './switchover.ts';

/** Makes a command with the options of all commands that talk to a Kubernetes. */
export type MakeCommand = (name: string, description: string) => Command;

const at = 'RFC 3339, or a time of the clock in this machine’s zone: 2030-01-31 03:00, 03:00';

/** `pgherd switchover`, `failover`, `restart`, `reinit`, `pause`, `resume`, `maintenance`. */
export function addVerbs(make: MakeCommand): void {
  const verb = (name: string, description: string, timeout: string): Command =>
    make(name, description)
      .argument('<name>', 'name of the cluster')
      .option('--yes', 'do it without asking', false)
      .option('--timeout <seconds>', 'how long to wait for the end', timeout);

  verb('switchover', 'Make another member the primary, without loss.', '120')
    .option('--to <member>', 'default: the replica that is best')
    .option('--at <time>', `later: ${at}`)
    .option('--cancel', 'take a scheduled one back', false)
    .action(async (name: string, options: SwitchoverOptions) =>
      (await import('./switchover.ts')).switchover(name, options),
    );

  verb('failover', 'Make another member the primary, although the primary does not work.', '120')
    .option('--to <member>', 'default: the one that has most')
    .action(async (name: string, options: FailoverOptions) =>
      (await import('./failover.ts')).failover(name, options),
    );

  verb('restart', 'Restart PostgreSQL of all members, one at a time, or of one.', '600')
    .argument('[member]', 'name of its pod')
    .option('--pending', 'only where a changed parameter waits for it', false)
    .option('--at <time>', `later: ${at}`)
    .option('--cancel', 'take scheduled ones back', false)
    .action(async (name: string, member: string | undefined, options: RestartOptions) =>
      (await import('./restart.ts')).restart(name, member, options),
    );

  verb('reinit', 'Throw the data of a replica away, and copy it from the primary again.', '3600')
    .argument('<member>', 'name of its pod')
    .action(async (name: string, member: string, options: VerbOptions) =>
      (await import('./reinit.ts')).reinit(name, member, options),
    );

  verb('pause', 'Maintenance mode: nobody takes over, nothing is restarted.', '60').action(
    async (name: string, options: VerbOptions) => (await import('./pause.ts')).pause(name, options),
  );

  verb('resume', 'End of the maintenance mode.', '60').action(async (name: string, options: VerbOptions) =>
    (await import('./pause.ts')).resume(name, options),
  );

  make('maintenance', 'What waits for a maintenance window; --now does it without one.')
    .argument('<name>', 'name of the cluster')
    .option('--now', 'what disturbs is done now', false)
    .option('--for <minutes>', 'with --now: how long windows do not matter; default: 60')
    .option('--end', 'take --now back', false)
    .option('--yes', 'do it without asking', false)
    .action(async (name: string, options: MaintenanceOptions) =>
      (await import('./maintenance.ts')).maintenance(name, options),
    );
}
