import { Option, type Command } from 'commander';

/** Options of all commands that talk to a Kubernetes. */
export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  output: string;
}

/** `pgherd list`, `show`, `psql`, `delete`. */
export function addClusterCommands(root: Command): void {
  const command = (name: string, description: string): Command =>
    root
      .command(name)
      .description(description)
      .option('--kubeconfig <file>', 'default: KUBECONFIG, then that of `pgherd local`, then ~/.kube/config')
      .option('--context <name>', 'context of the kubeconfig')
      .option('-n, --namespace <namespace>', 'default: that of the context');
  const output = (): Option =>
    new Option('-o, --output <format>', 'how to print the result')
      .choices(['text', 'json', 'yaml'])
      .default('text');

  command('list', 'List the PostgreSQL clusters.')
    .addOption(output())
    .option('-A, --all-namespaces', 'of all namespaces', false)
    .action(async (options: ClusterOptions & { allNamespaces: boolean }) =>
      (await import('./list.ts')).list(options),
    );

  command('show', 'Show one cluster: members, lag, volumes, endpoints, conditions, connection URIs.')
    .argument('<name>', 'name of the cluster')
    .addOption(output())
    .action(async (name: string, options: ClusterOptions) => (await import('./show.ts')).show(name, options));

  command('psql', 'Run psql as superuser inside the primary; arguments for psql follow `--`.')
    .argument('<name>', 'name of the cluster')
    .argument('[args...]', 'arguments for psql')
    .addOption(output())
    .action(async (name: string, args: string[], options: ClusterOptions) =>
      (await import('./psql.ts')).psql(name, args, options),
    );

  command('delete', 'Delete a cluster; asks for its name.')
    .argument('<name>', 'name of the cluster')
    .addOption(output())
    .option('--confirm <name>', 'the name again, instead of being asked')
    .option('--timeout <seconds>', 'how long to wait until it is gone; 0 does not wait', '300')
    .action(async (name: string, options: ClusterOptions & { confirm?: string; timeout: string }) =>
      (await import('./delete.ts')).deleteCluster(name, options),
    );
}
