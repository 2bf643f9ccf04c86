import { spawnSync } from 'node:child_process';

/** podman or Docker, as far as building needs it. */
export class ContainerTool {
  readonly program: 'podman' | 'docker';
  private readonly global: string[];

  private constructor(program: 'podman' | 'docker', global: string[]) {
    this.program = program;
    this.global = global;
  }

  /** podman first, because `pgherd local` prefers it too. Throws when neither works. */
  static find(): ContainerTool {
    // runc also runs where crun refuses the host's cgroups.
    const candidates: ContainerTool[] = [
      new ContainerTool('podman', ['--runtime', 'runc']),
      new ContainerTool('podman', []),
      new ContainerTool('docker', []),
    ];
    const found = candidates.find((tool) => tool.run(['info'], { quiet: true }).ok);
    if (found === undefined) {
      throw new Error(
        'neither podman nor Docker answers: install podman and runc (apt-get install podman runc)',
      );
    }
    return found;
  }

  /** Runs a subcommand; with `input` a shell command whose output is piped in. */
  run(args: string[], options: { quiet?: boolean } = {}): { ok: boolean; output: string } {
    const result = spawnSync(this.program, [...this.global, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
    if (result.status !== 0 && options.quiet !== true) {
      throw new Error(`${this.program} ${args.slice(0, 2).join(' ')} failed:\n${output.slice(-4000)}`);
    }
    return { ok: result.status === 0, output: result.stdout ?? '' };
  }

  /** Program and arguments of a `run` with no more than the host's own limits, for callers that attach to it. */
  runCommand(args: string[]): { program: string; args: string[] } {
    const limits = hardLimits().flatMap((limit) => ['--ulimit', limit]);
    return { program: this.program, args: [...this.global, 'run', ...limits, ...args] };
  }

  /** Program and arguments of any other subcommand. */
  command(args: string[]): { program: string; args: string[] } {
    return { program: this.program, args: [...this.global, ...args] };
  }

  exists(image: string): boolean {
    return this.run(['image', 'inspect', image], { quiet: true }).ok;
  }

  /** The value of an image's label, or undefined. */
  label(image: string, label: string): string | undefined {
    const format = `{{ index .Config.Labels "${label}" }}`;
    const result = this.run(['image', 'inspect', '--format', format, image], { quiet: true });
    return result.ok ? result.output.trim() : undefined;
  }

  /** Bytes of all layers. */
  size(image: string): number {
    return Number(this.run(['image', 'inspect', '--format', '{{ .Size }}', image]).output.trim());
  }

  pull(image: string): boolean {
    return this.run(['pull', '--quiet', image], { quiet: true }).ok;
  }

  /** Makes an image of the tar archive that the shell command prints. */
  importFrom(command: string, image: string): void {
    const importing = [this.program, ...this.global, 'import', '-', image].join(' ');
    const result = spawnSync('bash', ['-c', `set -o pipefail; ${command} | ${importing}`], {
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`making ${image} failed:\n${result.stderr.slice(-4000)}`);
  }

  /** Builds `context/Dockerfile`; its steps use the host's network and no more than the host's own limits. */
  build(
    context: string,
    image: {
      tag: string;
      base: string;
      label: string;
      arguments?: Readonly<Record<string, string>> | undefined;
    },
  ): void {
    const limits = hardLimits().flatMap((limit) => ['--ulimit', limit]);
    // Layers: the packages of a change before this one are taken again, and a registry has them already.
    const ofPodman = this.program === 'podman' ? [...limits, '--layers=true'] : [];
    const args = ['build', '--network', 'host', ...ofPodman, '--label', image.label];
    const given = Object.entries({ BASE: image.base, ...image.arguments });
    const buildArguments = given.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    this.run([...args, ...buildArguments, '--tag', image.tag, context]);
  }
}

/**
 * Limits that every host can give: without CAP_SYS_RESOURCE a container that asks for more than the host's own does
 * not start, and podman's own process limit may be lower than the one that the shell shows.
 */
function hardLimits(): string[] {
  const result = spawnSync('bash', ['-c', 'ulimit -Hn; ulimit -Hu'], { encoding: 'utf8' });
  const [files = '', processes = ''] = result.stdout.trim().split('\n');
  const atMost = (text: string, cap: number): number => Math.min(Number(text) || cap, cap);
  const nofile = atMost(files, 65_536);
  const nproc = atMost(processes, 16_384);
  return [`nofile=${nofile}:${nofile}`, `nproc=${nproc}:${nproc}`];
}
