import type { Configuration } from '../configuration/keys.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { Problem } from '../problem.ts';
import { checkBootstrap, checkMaintenanceWindows, checkTls } from './bootstrap.ts';
import { checkDatabases, checkPreparedDatabases } from './databases.ts';
import { checkKubernetesValues } from './kubernetes-values.ts';
import { checkName } from './name.ts';
import { checkContainers } from './containers.ts';
import { checkPatroni, checkServices, checkSizes } from './pods.ts';
import { type Check, newReport } from './report.ts';
import { checkUsers } from './users.ts';
import { checkVolumes } from './volumes.ts';

const checks: Check[] = [
  checkName,
  checkUsers,
  checkDatabases,
  checkPreparedDatabases,
  checkBootstrap,
  checkMaintenanceWindows,
  checkTls,
  checkSizes,
  checkKubernetesValues,
  checkContainers,
  checkVolumes,
  checkPatroni,
  checkServices,
];

/**
 * What is wrong with a manifest that its schema cannot say. The manifest is expected to fit the schema; one that does
 * not (stored before the schema was there) gives an error, never an exception.
 */
export function validatePostgresql(manifest: Postgresql, configuration: Configuration): Problem[] {
  const problems: Problem[] = [];
  const report = newReport(problems);
  const spec: unknown = manifest.spec;
  if (typeof spec !== 'object' || spec === null) {
    report.error('spec', 'it is missing; see the reference of the manifest for what it must contain.');
    return problems;
  }
  const missing = (['teamId', 'numberOfInstances', 'postgresql', 'volume'] as const).filter(
    (name) => (spec as Partial<Postgresql['spec']>)[name] === undefined,
  );
  for (const name of missing) report.error(`spec.${name}`, 'it is missing and must be given.');
  if (missing.length > 0) return problems;
  for (const check of checks) {
    try {
      check(manifest, configuration, report);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      report.error(
        'spec',
        `a value is not of the type that the schema asks for (${reason}); apply the manifest again.`,
      );
    }
  }
  return problems;
}
