import type { Command } from 'commander';
import type { RunOptions } from './run.ts';

/** `pgherd operator …` */
export function addOperatorCommands(root: Command): void {
  const operator = root.command('operator').description('Run the operator.');
  operator
    .command('run')
    .description('Run the operator in the foreground until SIGTERM or SIGINT.')
    .option(
      '--kubeconfig <file>',
      'kubeconfig to use; default: in-cluster credentials, KUBECONFIG, ~/.kube/config',
    )
    .option('--namespace <namespace>', "watch this namespace only, '*' for all (as WATCHED_NAMESPACE)")
    .option('--configuration <file>', 'YAML file with the flat keys of the operator configuration')
    .option(
      '--http-port <port>',
      'loopback port of /healthz, /readyz and /metrics; 0 picks a free one',
      '8080',
    )
    .option(
      '--identity <name>',
      'holder of the leader lease; two operators must never share one (default: host and process)',
    )
    .action(async (options: RunOptions) => {
      // The operator is loaded only when it runs: `pgherd --help` must not wait for it.
      const { runOperatorCommand } = await import('./run.ts');
      await runOperatorCommand(options);
    });
}
