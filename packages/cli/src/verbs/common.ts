import type { ClusterOptions } from '../cluster/commands.ts';
import { withTarget, type Target } from '../cluster/target.ts';
import { confirm } from '../confirm.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat } from '../output.ts';
import { Account } from './outcome.ts';
import { reachOf, type Reach, type Situation } from './situation.ts';

/** Options of all verbs. */
export interface VerbOptions extends ClusterOptions {
  yes: boolean;
  /** Seconds, as written. */
  timeout: string;
}

/** What a verb works with. */
export interface Work {
  target: Target;
  reach: Reach;
  /** How the cluster stands, asked at the start. */
  situation: Situation;
  account: Account;
  /** Asks for leave to act; ends the command when it is not given. */
  ask: (lines: string[], question: string) => Promise<void>;
  /** Waits until `check` answers something else than undefined or false; exit code 4 when it never does in time. */
  wait: <T>(what: string, check: () => Promise<T | undefined | false>) => Promise<T>;
}

const everyMs = 300;

/** Looks at the cluster, and runs `act`. Exit code 3 when there is no such cluster. */
export async function withWork(
  verb: string,
  name: string,
  options: VerbOptions,
  act: (work: Work) => Promise<void>,
): Promise<void> {
  const format = parseOutputFormat(options.output);
  const seconds = Number(options.timeout);
  if (!(seconds > 0)) {
    throw new CommandError(
      `--timeout ${options.timeout}: give a number of seconds, more than 0`,
      exitCode.wrongUsage,
    );
  }
  await withTarget(options, async (target) => {
    const reach = reachOf(target, name);
    const situation = await reach.look();
    let deadline: number | undefined;
    await act({
      target,
      reach,
      situation,
      account: new Account(format, { namespace: target.namespace, name, verb }),
      ask: (lines, question) => ask(verb, [...lines, ...busy(situation)], question, options.yes),
      wait: (what, check) => {
        // Time to think at the question does not count.
        deadline ??= Date.now() + seconds * 1000;
        return until(
          deadline,
          `${what}, for ${seconds} s; \`pgherd show ${name}\` says how it stands`,
          check,
        );
      },
    });
  });
}

/** What the operator is at, which may come between. */
function busy({ steps }: Situation): string[] {
  const [next] = steps;
  return next === undefined ? [] : [`The operator is at work: ${next.what}.`];
}

async function ask(verb: string, lines: string[], question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const text = lines.map((line) => `${line}\n`).join('');
  if (await confirm(`${text}${question} Type yes: `, 'yes')) return;
  if (!process.stdin.isTTY) process.stderr.write(text);
  throw new CommandError(`nothing was done: ${verb} wants a yes (or --yes)`, exitCode.wrongUsage);
}

async function until<T>(
  deadline: number,
  what: string,
  check: () => Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new CommandError(`waited for ${what}`, exitCode.timedOut);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
