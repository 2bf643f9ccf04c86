import { formatProblem } from '@pgherd/api';
import {
  expectInDatabase,
  lookIntoDatabase,
  manifestSchema,
  preview,
  printPlan,
  stepsOf,
  withDatabaseSteps,
  type Preview,
} from '@pgherd/operator';
import type { PlanOptions } from '../cluster/commands.ts';
import { getCluster, postgresqls, withTarget, type Target } from '../cluster/target.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import { asApplied } from './as-applied.ts';
import { readClusterObjects } from './cluster-objects.ts';
import { findDisks } from './disks.ts';
import { readManifests, type WrittenManifest } from './manifest-file.ts';
import { findSettings } from './operator-settings.ts';
import { podSessions } from './pod-sessions.ts';

/** The plan of one cluster. */
interface ClusterPlan extends Preview {
  namespace: string;
  name: string;
  /** Where the operator's configuration was found. */
  configuration: string;
}

/** `pgherd plan NAME`, `pgherd plan -f FILE`: the exit code says whether there is anything to do. */
export async function planCommand(name: string | undefined, options: PlanOptions): Promise<void> {
  const format = parseOutputFormat(options.output);
  if ((name === undefined) === (options.filename === undefined)) {
    throw new CommandError('give the name of a cluster, or a file with -f', exitCode.wrongUsage);
  }
  const written = options.filename === undefined ? [] : readManifests(options.filename, manifestSchema);
  const plans = await withTarget(options, async (target) => {
    if (name !== undefined) {
      const live = await getCluster(target, name);
      return [await planOne(target, { manifest: live, errors: [], warnings: [] }, options)];
    }
    const each: ClusterPlan[] = [];
    for (const manifest of written) each.push(await planOne(target, manifest, options));
    return each;
  });
  print(format, plans.map(forMachines), () => plans.map(forPeople).join('\n'));
  process.exitCode = exitCodeOf(plans);
}

async function planOne(target: Target, written: WrittenManifest, options: PlanOptions): Promise<ClusterPlan> {
  const { client, kubeconfig } = target;
  const namespace = written.manifest.metadata?.namespace ?? target.namespace;
  const name = written.manifest.metadata?.name ?? '(without a name)';
  if (written.errors.length > 0) {
    const nothing = { plan: { tracks: [] }, errors: written.errors, warnings: written.warnings };
    return { namespace, name, configuration: '', ...nothing };
  }
  const live = await client.find(postgresqls, { namespace, name });
  const metadata = { ...written.manifest.metadata, namespace };
  const manifest = live === undefined ? { ...written.manifest, metadata } : asApplied(live, written.manifest);
  const found = await findSettings({ client, kubeconfig, manifest }, options.configuration);
  const { configuration } = found.settings;
  const read = await readClusterObjects(client, configuration, { namespace, name }, found.own);
  const { warnings: unseen, ...disks } = await findDisks(client, found.settings, manifest, read.source);
  const made = await withSql(
    target,
    namespace,
    preview({
      manifest,
      live,
      settings: found.settings,
      ...read,
      ...disks,
      deleted: options.delete,
      now: Date.now(),
    }),
  );
  const about = found.problems.map((problem) => `${found.origin}: ${formatProblem(problem)}`);
  const warnings = [...about, ...written.warnings, ...unseen, ...made.warnings];
  return { namespace, name, configuration: found.origin, ...made, warnings };
}

/** With what is to do inside the server, when there is one and the caller may run commands in its pod. */
async function withSql({ client }: Target, namespace: string, made: Preview): Promise<Preview> {
  if (made.database === undefined) return made;
  const { declared, primary, newServer } = made.database;
  if (newServer !== undefined) return withDatabaseSteps(made, expectInDatabase(newServer, declared));
  if (primary === undefined) return made;
  const sessions = podSessions({ client, namespace, name: primary });
  try {
    return withDatabaseSteps(made, await lookIntoDatabase(sessions, declared));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...made, warnings: [...made.warnings, `the database could not be looked into: ${why}`] };
  } finally {
    await sessions.close();
  }
}

function exitCodeOf(plans: ClusterPlan[]): number {
  if (plans.some(({ errors }) => errors.length > 0)) return exitCode.failed;
  return plans.some(({ plan }) => stepsOf(plan).length > 0) ? exitCode.changes : exitCode.done;
}

/** Objects of steps are left out: they may hold secrets. */
function forMachines({ plan, namespace, name, configuration, errors, warnings }: ClusterPlan): object {
  const tracks = plan.tracks.map(({ name, steps }) => ({
    name,
    steps: steps.map(({ what, why, disturbs, waitFor, action, sql }) => ({
      what,
      why,
      disturbs,
      action: action.type,
      ...(sql === undefined ? {} : { sql }),
      ...(waitFor === undefined ? {} : { waitFor }),
    })),
  }));
  return { namespace, name, configuration, errors, warnings, tracks };
}

function forPeople({ namespace, name, configuration, plan, errors, warnings }: ClusterPlan): string {
  const heading = `Plan for cluster ${namespace}/${name}${configuration === '' ? '' : ` (operator configuration: ${configuration})`}`;
  const lines = [heading, ...warnings.map((warning) => `Warning: ${warning}`)];
  if (errors.length > 0) {
    lines.push(
      'Nothing would be done: the manifest cannot be acted on.',
      ...errors.map((each) => `  ${each}`),
    );
  } else {
    lines.push('', printPlan(plan).trimEnd());
  }
  return `${lines.join('\n')}\n`;
}
