import { Option, type Command } from 'commander';

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
}

/** `pgherd local …` */
export function addLocalCommands(root: Command): void {
  const local = root
    .command('local')
    .description(
      'The single-machine Kubernetes: start it, stop it, look at it. Needs root and podman or Docker.',
    );

  const subcommand = (name: string, description: string): Command =>
    local
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

  local
    .command('serve', { hidden: true })
    .description('Run the server in this process (what `up` starts).')
    .option('--home <directory>')
    .action(async (options: LocalOptions) => (await import('./serve.ts')).serve(options));
}
