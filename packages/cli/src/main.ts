#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addClusterCommands } from './cluster/commands.ts';
import { CommandError, exitCode } from './exit-code.ts';
import { addLocalCommands } from './local/commands.ts';
import { addOperatorCommands } from './operator/commands.ts';
import { withCurrentFlags } from './operator/old-flags.ts';
import { nodeProblem, version } from './project.ts';

/** The whole command line; nothing is run by making it. */
export function program(): Command {
  const root = new Command('pgherd')
    .description('Runs highly available PostgreSQL clusters from manifests.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 there are changes (plan), 3 not found, 4 timed out, 64 wrong usage.',
    );
  addLocalCommands(root);
  addOperatorCommands(root);
  addClusterCommands(root);
  // Subcommands were made before `exitOverride` could be inherited.
  const override = (command: Command): void => {
    command.exitOverride().showHelpAfterError('(--help says what there is)');
    command.commands.forEach(override);
  };
  override(root);
  return root;
}

/** Runs one command line and answers its exit code. */
export async function main(argv: string[]): Promise<number> {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) {
    console.error(problem);
    return exitCode.failed;
  }
  try {
    await program().parseAsync(withCurrentFlags(argv), { from: 'user' });
    return Number(process.exitCode ?? exitCode.done);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are no failures; everything else that commander says is about usage.
      return error.exitCode === 0 ? exitCode.done : exitCode.wrongUsage;
    }
    console.error(`pgherd: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof CommandError ? error.exitCode : exitCode.failed;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
