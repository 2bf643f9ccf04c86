import { Option, type Command } from 'commander';
import type { CutOptions } from './node.ts';

/** Options of all `pgherd local` commands. */
export interface LocalOptions {
  home?: string;
  output: string;
}

/** `pgherd local up`. */
export interface UpOptions extends LocalOptions {
  foreground: boolean;
  operator: boolean;
  timeout: string;
  nodes?: string;
  zones?: string;
  nodeGrace?: string;
  statusDelay?: string;
}

/** `pgherd local …` */
export function addLocalCommands(root: Command): void {
  const local = root
    .command('local')
    .description(
      'The single-machine Kubernetes: start it, stop it, look at it. Needs root and podman or Docker.',
    );

  const subcommand = (name: string, description: string, parent = local): Command =>
    parent
      .command(name)
      .description(description)
      .option('--home <directory>', 'where its state lives (default: $PGHERD_HOME, else ~/.pgherd)')
      .addOption(
        new Option('-o, --output <format>', 'how to print the result')
          .choices(['text', 'json', 'yaml'])
          .default('text'),
      );

  subcommand('up', 'Start the server and the operator in the background. Safe to run again at any time.')
    .option('--foreground', 'stay in the foreground until SIGINT or SIGTERM', false)
    .option('--no-operator', 'start the server only')
    .option('--timeout <seconds>', 'how long to wait for the API server', '60')
    .option('--nodes <count>', 'how many nodes there are to be; more are added, none is taken away')
    .option('--zones <names>', 'zones that the nodes are in, in turn, separated by commas')
    .option('--node-grace <seconds>', 'how long a node may be silent before it counts as lost (first: 40)')
    .option('--status-delay <milliseconds>', 'how late nodes tell of their pods, for tests (first: 0)')
    .action(async (options: UpOptions) => (await import('./up.ts')).up(options));

  subcommand('down', 'Stop the operator, all pods and the server. State and volumes stay.').action(
    async (options: LocalOptions) => (await import('./down.ts')).down(options),
  );

  subcommand(
    'status',
    'What runs, and where. Exit code 0 when the server answers, 3 when it does not run.',
  ).action(async (options: LocalOptions) => (await import('./status.ts')).status(options));

  subcommand(
    'kubeconfig',
    'Print the path of the kubeconfig, for KUBECONFIG=$(pgherd local kubeconfig).',
  ).action(async (options: LocalOptions) => (await import('./kubeconfig.ts')).kubeconfig(options));

  subcommand('reset', 'Remove everything of this instance: pods, network, volumes, all data.')
    .option('--yes', 'do not ask', false)
    .action(async (options: LocalOptions & { yes: boolean }) => (await import('./reset.ts')).reset(options));

  addNodeCommands(local, subcommand);

  local
    .command('serve', { hidden: true })
    .description('Run the server in this process (what `up` starts).')
    .option('--home <directory>')
    .action(async (options: LocalOptions) => (await import('./serve.ts')).serve(options));
}

/** `pgherd local node …` */
function addNodeCommands(
  local: Command,
  subcommand: (name: string, description: string, parent: Command) => Command,
): void {
  const node = local
    .command('node')
    .description('The nodes of the instance: look at them, and break them as the world does.');

  subcommand('list', 'All nodes, whether they are on, and what they are cut off from.', node).action(
    async (options: LocalOptions) => (await import('./node.ts')).listNodes(options),
  );

  subcommand('cut <name>', 'Cut a node off: its packets are lost, its containers go on.', node)
    .addOption(
      new Option('--from <what>', 'what it is cut off from')
        .choices(['api', 'pods', 'clients', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--one-way <direction>', 'lose only packets to the node (in) or from it (out)').choices([
        'in',
        'out',
      ]),
    )
    .action(async (name: string, options: CutOptions) => (await import('./node.ts')).cutNode(name, options));

  const verbs = [
    ['heal', 'End all cuts of a node.'],
    ['stop', 'Stop a node as if its power went: containers are gone at once, nobody is told.'],
    ['start', 'Start a node that was stopped.'],
  ] as const;
  for (const [verb, description] of verbs) {
    subcommand(`${verb} <name>`, description, node).action(async (name: string, options: LocalOptions) =>
      (await import('./node.ts')).changeNode(verb, name, options),
    );
  }

  subcommand(
    'remove <name>',
    'Take a node out for good; refused while pods or volumes are there.',
    node,
  ).action(async (name: string, options: LocalOptions) =>
    (await import('./node.ts')).removeNode(name, options),
  );
}
