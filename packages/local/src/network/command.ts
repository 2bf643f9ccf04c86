import { spawn } from 'node:child_process';

/** A program that ended with another code than 0, or could not be started (`code` undefined). */
export class CommandError extends Error {
  readonly code: number | undefined;
  readonly missing: boolean;
  constructor(command: string, code: number | undefined, missing: boolean, output: string) {
    super(`${command}: ${missing ? 'not installed' : output.trim() || `ended with code ${code ?? 'none'}`}`);
    this.name = 'CommandError';
    this.code = code;
    this.missing = missing;
  }
}

/** Runs a program to its end and answers its standard output. Throws `CommandError`. */
export function run(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const text = `${program} ${args.join(' ')}`;
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    // A program that ends before it has read everything says why in its exit code.
    child.stdin.on('error', () => {});
    child.once('error', (error: NodeJS.ErrnoException) =>
      failed(new CommandError(text, undefined, error.code === 'ENOENT', error.message)),
    );
    child.once('close', (code) => {
      if (code === 0) done(stdout);
      else failed(new CommandError(text, code ?? undefined, false, stderr || stdout));
    });
    child.stdin.end(input);
  });
}
