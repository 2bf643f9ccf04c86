import { Option, type Command } from 'commander';
import { addVerbs } from '../verbs/commands.ts';
import type { PsqlOptions } from './psql.ts';

/** Options of all commands that talk to a Kubernetes. */
export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  output: string;
}

/** Options of `pgherd plan`. */
export interface PlanOptions extends ClusterOptions {
  filename?: string;
  delete: boolean;
  configuration?: string;
}

/** `pgherd list`, `show`, `plan`, `psql`, `extensions`, `df`, `delete`, and the verbs of `../verbs`. */
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

  command(
    'plan',
    'Print what the operator would do, step for step: for a manifest file, or for a cluster as it stands.',
  )
    .argument('[name]', 'name of a cluster; its manifest is the one in Kubernetes')
    .addOption(output())
    .option('-f, --filename <file>', 'manifests that would be applied; - reads standard input')
    .option('--delete', 'as if the manifest were deleted', false)
    .option(
      '--configuration <where>',
      "the operator's: a file, configmap/NAMESPACE/NAME or opconfig/NAMESPACE/NAME; default: what its Deployment names",
    )
    .addHelpText('after', '\nExit code 0: nothing to do, 2: there are changes, 1: it cannot be acted on.')
    .action(async (name: string | undefined, options: PlanOptions) =>
      (await import('../plan/command.ts')).planCommand(name, options),
    );

  command('psql', 'Run psql inside the primary, as superuser or as a role; arguments for psql follow `--`.')
    .argument('<name>', 'name of the cluster')
    .argument('[args...]', 'arguments for psql')
    .option('--role <role>', 'role to log in as; no password is asked for')
    .option('--database <database>', 'default: the one that the role owns, or else postgres')
    .addOption(output())
    .action(async (name: string, args: string[], options: PsqlOptions) =>
      (await import('./psql.ts')).psql(name, args, options),
    );

  command(
    'extensions',
    'List the extensions of a cluster: installed where, updates, and what can be installed.',
  )
    .argument('<name>', 'name of the cluster')
    .addOption(output())
    .action(async (name: string, options: ClusterOptions) =>
      (await import('../extensions/command.ts')).extensions(name, options),
    );

  addVerbs((name, description) => command(name, description).addOption(output()));

  command('df', 'How full the data volumes are, by how much they fill each day, and when they are full.')
    .argument('[name]', 'name of a cluster; default: all clusters of the namespace')
    .addOption(output())
    .action(async (name: string | undefined, options: ClusterOptions) =>
      (await import('../df/command.ts')).df(name, options),
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
