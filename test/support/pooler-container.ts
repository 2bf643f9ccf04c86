import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerTool } from '../../images/container-tool.ts';
import { eventually } from './eventually.ts';
import { run } from './instance.ts';

export const poolerImage = 'localhost/pgherd/pooler:1.24';

/** How a container of the pooler's image is started. */
export interface PoolerOptions {
  /** Beside PGHOST, the ports, and a quick reaction to signals and files. */
  environment: Record<string, string>;
  /** Content of `userlist.txt`; missing: there is none. */
  users?: string;
  /** Folder that is `/tls` inside. */
  tls?: string;
  /** More of `podman run`. */
  options?: string[];
}

/** A container of the pooler's image in the host's network. */
export class PoolerContainer {
  readonly port: number;
  private readonly tool: ContainerTool;
  private readonly name: string;
  private readonly directory: string;

  private constructor(tool: ContainerTool, directory: string, port: number) {
    this.tool = tool;
    this.directory = directory;
    this.port = port;
    this.name = `pgherd-test-pooler-${process.pid}-${port}`;
  }

  /** Answers when clients are taken, or when it ended by itself. */
  static async start(options: PoolerOptions): Promise<PoolerContainer> {
    const container = await PoolerContainer.begin(options);
    await eventually('the pooler takes clients, or ended', async () => {
      const log = await container.log();
      return log.includes('process up') || (await container.exitCode()) !== undefined;
    });
    return container;
  }

  /** Answers as soon as its first process runs. */
  static async begin({ environment, users, tls, options = [] }: PoolerOptions): Promise<PoolerContainer> {
    const directory = mkdtempSync(join(tmpdir(), 'pgherd-test-pooler-'));
    const container = new PoolerContainer(ContainerTool.find(), directory, await freePort());
    const mounts: string[] = tls === undefined ? [] : ['--volume', `${tls}:/tls:ro`];
    if (users !== undefined) {
      const file = join(directory, 'userlist.txt');
      writeFileSync(file, users);
      chmodSync(directory, 0o755);
      mounts.push('--volume', `${file}:/etc/pgbouncer/userlist.txt:ro`);
    }
    const variables = {
      CONNECTION_POOLER_PORT: String(container.port),
      PGBOUNCER_STOP_DELAY: '0.2',
      PGBOUNCER_CHECK_EVERY: '0.2',
      ...environment,
    };
    const { program, args } = container.tool.runCommand([
      '--detach',
      '--name',
      container.name,
      '--network',
      'host',
      ...mounts,
      ...options,
      ...Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      poolerImage,
    ]);
    const { code, stderr } = await run(program, args);
    if (code !== 0) throw new Error(`the pooler's container does not start: ${stderr}`);
    return container;
  }

  async log(): Promise<string> {
    const { stdout, stderr } = await this.podman('logs', this.name);
    return stdout + stderr;
  }

  /** Undefined while it runs. */
  async exitCode(): Promise<number | undefined> {
    const format = '{{.State.Status}} {{.State.ExitCode}}';
    const { stdout } = await this.podman('container', 'inspect', '--format', format, this.name);
    const [status, code] = stdout.trim().split(' ');
    return status === 'exited' || status === 'stopped' ? Number(code) : undefined;
  }

  async signal(name: string): Promise<void> {
    await this.podman('kill', '--signal', name, this.name);
  }

  /** Runs a program inside; answers what it prints. */
  async exec(...command: string[]): Promise<string> {
    return (await this.podman('exec', this.name, ...command)).stdout;
  }

  async remove(): Promise<void> {
    await this.podman('rm', '--force', '--time', '0', this.name);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private podman(...args: string[]) {
    return run(this.tool.program, args);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
