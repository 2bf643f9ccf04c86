import { Option, type Command } from 'commander';
import type { FakeTeamsApiCommand } from './fake-teams-api.ts';
import type { RbacOptions } from './rbac.ts';
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
    .option(
      '--namespace <namespaces>',
      "watch these namespaces only, 'a,b'; '*' for all (as WATCHED_NAMESPACE)",
    )
    .option(
      '--configuration <file>',
      'YAML file with the configuration: flat keys, a ConfigMap or an OperatorConfiguration; changes are taken at once',
    )
    .option(
      '--http-host <address>',
      'address that the HTTP API listens on (default: all in a pod, 127.0.0.1 elsewhere)',
    )
    .option('--http-port <port>', 'port of the HTTP API; 0 picks a free one (default: api_port)')
    .option(
      '--identity <name>',
      'holder of the leader lease; two operators must never share one (default: host and process)',
    )
    .option('--nodatabaseaccess', 'never connect to PostgreSQL, whatever the configuration says')
    .option('--noteamsapi', 'never ask the Teams API, whatever the configuration says')
    // Flags of Zalando's operator that change nothing here, so that an old command line still starts.
    .addOption(new Option('--outofcluster').hideHelp())
    .addOption(new Option('--kubeqps <number>').hideHelp())
    .addOption(new Option('--kubeburst <number>').hideHelp())
    .action(async (options: RunOptions) => {
      // The operator is loaded only when it runs: `pgherd --help` must not wait for it.
      const { runOperatorCommand } = await import('./run.ts');
      await runOperatorCommand(options);
    });
  operator
    .command('rbac')
    .description('Print the manifest with the account of the operator and exactly the rights that it needs.')
    .option(
      '--namespace <namespaces>',
      "namespaces that it watches, 'a,b'; '*' for all (default: of the configuration)",
    )
    .option('--operator-namespace <namespace>', 'namespace that it runs in', 'default')
    .option('--service-account <name>', 'name of its account and roles', 'postgres-operator')
    .option('--configuration <file>', 'its configuration, as of `operator run`')
    .addOption(
      new Option('-o, --output <format>', 'how to print it: text is YAML with comments')
        .choices(['text', 'json', 'yaml'])
        .default('text'),
    )
    .action(async (options: RbacOptions) => {
      const { printRbac } = await import('./rbac.ts');
      printRbac(options);
    });
  operator
    .command('fake-teams-api')
    .description('Play a Teams API, for demonstrations and tests, until SIGTERM or SIGINT.')
    .requiredOption('--teams <file>', 'YAML or JSON file, `TEAM: [MEMBER, …]`; read at each request')
    .option(
      '--token-file <file>',
      'file with the only token that is let in; read at each request (default: anyone)',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 picks a free one', '8080')
    .action(async (options: FakeTeamsApiCommand) => {
      const { runFakeTeamsApi } = await import('./fake-teams-api.ts');
      await runFakeTeamsApi(options);
    });
}
