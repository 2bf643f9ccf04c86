import {
  forbiddenContainers,
  unsupportedBootstrap,
  unsupportedFields,
  validatePostgresql,
  withCurrentFields,
  type Postgresql,
  type Problem,
} from '@pgherd/api';
import { kinds } from '../kinds.ts';
import { claimName } from '../names.ts';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import { find, type Observed } from '../observe/observed.ts';
import { renderNotices } from '../render/notices.ts';
import type { RoleInput } from '../render/roles/role-input.ts';
import type { Settings } from '../settings.ts';
import { checkSchema } from './schema-check.ts';
import { declaredElsewhere } from './declared-elsewhere.ts';
import { keptNotices } from './kept-notices.ts';
import { unsupportedChanges } from './unsupported-changes.ts';
import { unwatchedSecrets } from './unwatched-secrets.ts';
import { volumeNotices } from './volume-notices.ts';
import { volumeSourceProblems } from './volume-sources.ts';

/** What is to be said about a manifest before anything is done about it. */
export interface Assessment {
  /** The manifest with the current names of its fields. */
  manifest: Postgresql;
  /** While there are any, nothing of the manifest is acted on. */
  errors: Problem[];
  warnings: Problem[];
}

/** Reads a manifest as the operator does: current names of fields, what is wrong, what is not acted on. Pure. */
export function assess(written: Postgresql, settings: Settings, observed: Observed): Assessment {
  const configuration = effectiveConfiguration(settings, observed);
  const { manifest, problems: outOfDate } = withCurrentFields(written);
  const misfits = checkSchema(written);
  if (misfits.length > 0) return { manifest, errors: misfits, warnings: [] };
  const roleInput: RoleInput = { manifest, configuration, ...declaredElsewhere(observed) };
  const problems = [...outOfDate, ...validatePostgresql(manifest, configuration)];
  const errors = problems.filter(({ severity }) => severity === 'error');
  const forbidden = forbiddenContainers(manifest, configuration);
  errors.push(...unsupportedBootstrap(manifest, configuration));
  if (isNew(observed)) errors.push(...forbidden);
  if (errors.length === 0)
    errors.push(...volumeSourceProblems(manifest), ...unwatchedSecrets(roleInput, observed));
  if (errors.length > 0) return { manifest, errors, warnings: [] };
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  return {
    manifest,
    errors,
    warnings: [
      ...warnings,
      ...forbidden.map((problem): Problem => ({ ...problem, severity: 'warning' })),
      ...renderNotices(roleInput),
      ...unfitVariables(observed),
      ...(observed.people?.warnings ?? []),
      ...unsupportedFields(manifest),
      ...unsupportedChanges(manifest, observed),
      ...volumeNotices(manifest, configuration, observed),
      ...keptNotices(manifest, settings, observed),
    ],
  };
}

function unfitVariables({ podEnvironment }: Observed): Problem[] {
  return (podEnvironment?.unfit ?? []).map((name) => ({
    severity: 'warning',
    field: 'pod_environment',
    message: `\`${name}\` cannot be the name of a variable and is left out; rename the key of the Secret or ConfigMap.`,
  }));
}

/** Whether the cluster is still to be made: it has neither pods nor data. */
function isNew(observed: Observed): boolean {
  const hasData = observed.configuration !== undefined || observed.leader !== undefined;
  return (
    !hasData &&
    find(observed, kinds.statefulSet, observed.name) === undefined &&
    find(observed, kinds.claim, claimName(observed.name, 0)) === undefined
  );
}
