/**
 * Patroni's own behave suite in Kubernetes mode against an engine of its own:
 * `node test/judges/behave/run.ts [--report FILE] [FEATURE …]`, all features without names. Prints the suite's own
 * output and `N passed, N failed` (scenarios); writes the counts as JSON to the report.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { ContainerTool } from '../../../images/container-tool.ts';
import { findBackground } from '../../support/background.ts';
import { projectRoot, removeInstance, startInstance, suiteHome } from '../../support/instance.ts';
import { ensureBehaveImage } from './image.ts';
import { listenForOutages } from './outages.ts';

/** All features but `citus` (the extension is not in Debian) and `watchdog` (it needs no DCS, but a watchdog device). */
const allFeatures = [
  'basic_replication',
  'cascading_replication',
  'custom_bootstrap',
  'dcs_failsafe_mode',
  'ignored_slots',
  'nostream_node',
  'patroni_api',
  'permanent_slots',
  'priority_failover',
  'quorum_commit',
  'recovery',
  'standby_cluster',
];

/** Where the logs of all members stay after a run. */
const logs = join(projectRoot, '.cache/behave-logs');

/** The suite stops and continues the API server only where the context is one of kind or k3d. */
const context = 'k3d-pgherd';
const containerName = 'pgherd-test-behave';

interface Scenario {
  type: string;
  name: string;
  status?: string;
}
interface Feature {
  name: string;
  status: string;
  elements?: Scenario[];
}

/** The administrator's kubeconfig with its context under the name that the suite wants. */
function renameContext(kubeconfig: string): string {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as {
    'current-context': string;
    contexts: { name: string }[];
  };
  const current = config.contexts.find(({ name }) => name === config['current-context']);
  if (current === undefined) throw new Error(`${kubeconfig}: no current context`);
  current.name = context;
  config['current-context'] = context;
  return stringify(config);
}

async function runSuite(features: string[]): Promise<Feature[]> {
  const tool = ContainerTool.find();
  const image = ensureBehaveImage(tool);
  const home = suiteHome('behave');
  const control = join(tmpdir(), 'pgherd-test-behave-control');
  tool.run(['rm', '--force', containerName], { quiet: true });
  // A run that was killed during an outage left the server stopped, and so deaf to anything but this.
  const left = findBackground(home, 'server');
  if (left !== undefined) process.kill(left.pid, 'SIGCONT');
  await removeInstance(home);
  rmSync(control, { recursive: true, force: true });
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(control);
  // The suite's user writes its report there.
  chmodSync(control, 0o777);
  const kubeconfig = await startInstance(home, { operator: false });
  writeFileSync(join(control, 'kubeconfig'), renameContext(kubeconfig), { mode: 0o644 });
  const outages = await listenForOutages(join(control, 'socket'), () => {
    const running = findBackground(home, 'server');
    if (running === undefined) throw new Error('the API server does not run');
    return running.pid;
  });
  try {
    const environment = {
      DCS: 'kubernetes',
      KUBECONFIG: '/control/kubeconfig',
      PATRONI_KUBERNETES_CONTEXT: context,
      HOME: '/home/postgres',
      PYTHONUNBUFFERED: '1',
    };
    const options = ['--name', containerName, '--network', 'host', '--volume', `${control}:/control`];
    const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    // The first output file is the first format's.
    const formats = ['--format', 'json', '--outfile', '/control/result.json', '--format', 'plain'];
    const look = ['--no-color', '--no-source', '--no-timings'];
    const files = features.map((name) => `features/${name}.feature`);
    const { program, args } = tool.runCommand([
      ...options,
      ...variables,
      image,
      ...formats,
      ...look,
      ...files,
    ]);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    await new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', done);
    });
    return JSON.parse(readFileSync(join(control, 'result.json'), 'utf8')) as Feature[];
  } finally {
    outages.close();
    mkdirSync(dirname(logs), { recursive: true });
    tool.run(['cp', `${containerName}:/patroni/features/output`, logs], { quiet: true });
    tool.run(['rm', '--force', containerName], { quiet: true });
    await removeInstance(home);
    rmSync(control, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  options: { report: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !allFeatures.includes(name));
if (unknown !== undefined) {
  console.error(`no feature "${unknown}": there are ${allFeatures.join(', ')}`);
  process.exit(64);
}
const features = await runSuite(positionals.length > 0 ? positionals : allFeatures);
const count = { passed: 0, failed: 0, skipped: 0 };
for (const feature of features) {
  for (const { type, name, status } of feature.elements ?? []) {
    if (type !== 'scenario') continue;
    if (status === 'passed') count.passed += 1;
    else if (status === 'skipped') count.skipped += 1;
    else {
      count.failed += 1;
      console.log(`failed: ${feature.name}: ${name}`);
    }
  }
}
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(count));
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
