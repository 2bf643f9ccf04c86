import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CrashPoint } from '../../support/crash-point.ts';
import { projectRoot } from '../../support/instance.ts';

/** Which operator, and where. */
export interface OperatorPlace {
  /** Kubeconfig of its account. */
  kubeconfig: string;
  /** The only namespace that it looks after, and what sets it apart from others: its `CONTROLLER_ID`, its lease. */
  namespace: string;
  /** File with its configuration. */
  configuration: string;
  /** File that its output is added to. */
  log: string;
}

/**
 * The operator as people run it, in a process of its own: its writes to Kubernetes go through a proxy, those to Patroni and
 * PostgreSQL are told as they are done. After its last one it is killed (-9).
 */
export class CutOperator {
  /** Counts its writes, and says when it is killed. */
  readonly point: CrashPoint;
  /** Resolves when the process is gone. */
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;

  private constructor(point: CrashPoint, child: ChildProcess) {
    this.point = point;
    this.#process = child;
    this.ended = once(child, 'exit');
    const [told, goOn] = [child.stdio[3] as Readable, child.stdio[4] as Writable];
    goOn.on('error', () => undefined);
    createInterface({ input: told }).on('line', (what) => {
      // Of the last one it never hears.
      point
        .write(what, async () => undefined)
        .then(
          () => goOn.write('.'),
          () => undefined,
        );
    });
    point.died.then(
      () => child.kill('SIGKILL'),
      () => undefined,
    );
  }

  /** It lives until its point is armed, and its last write done. */
  static async start({ kubeconfig, namespace, configuration, log }: OperatorPlace): Promise<CutOperator> {
    const point = await CrashPoint.open(kubeconfig, Infinity, `${configuration}.kubeconfig`);
    // The successor has the lease at once.
    const identity = `killed-and-started-again-${namespace}`;
    const options = { kubeconfig: point.kubeconfig, namespace, configuration, identity, 'http-port': '0' };
    const command = [
      '--import',
      join(projectRoot, 'test/chaos/crash/told-writes.ts'),
      join(projectRoot, 'packages/cli/src/main.ts'),
      'operator',
      'run',
      ...Object.entries(options).map(([option, value]) => `--${option}=${value}`),
    ];
    const output = openSync(log, 'a', 0o600);
    const child = spawn(process.execPath, command, {
      stdio: ['ignore', output, output, 'pipe', 'pipe'],
      env: {
        ...process.env,
        CONTROLLER_ID: namespace,
        NODE_COMPILE_CACHE: join(projectRoot, '.cache/compiled'),
      },
    });
    closeSync(output);
    return new CutOperator(point, child);
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Ends it at once, whatever it is at. */
  async kill(): Promise<void> {
    this.point.close();
    if (!this.hasEnded) this.#process.kill('SIGKILL');
    await this.ended;
  }
}
