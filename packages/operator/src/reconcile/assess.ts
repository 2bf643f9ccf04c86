import {
  unsupportedBootstrap,
  unsupportedFields,
  validatePostgresql,
  withCurrentFields,
  type Configuration,
  type Postgresql,
  type Problem,
} from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { renderNotices } from '../render/notices.ts';
import { unsupportedChanges } from './unsupported-changes.ts';

/** What is to be said about a manifest before anything is done about it. */
export interface Assessment {
  /** The manifest with the current names of its fields. */
  manifest: Postgresql;
  /** While there are any, nothing of the manifest is acted on. */
  errors: Problem[];
  warnings: Problem[];
}

/** Reads a manifest as the operator does: current names of fields, what is wrong, what is not acted on. Pure. */
export function assess(written: Postgresql, configuration: Configuration, observed: Observed): Assessment {
  const { manifest, problems: outOfDate } = withCurrentFields(written);
  const problems = [...outOfDate, ...validatePostgresql(manifest, configuration)];
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (observed.objects.size === 0) errors.push(...unsupportedBootstrap(manifest));
  if (errors.length > 0) return { manifest, errors, warnings: [] };
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  return {
    manifest,
    errors,
    warnings: [
      ...warnings,
      ...renderNotices(configuration, manifest),
      ...unsupportedFields(manifest),
      ...unsupportedChanges(manifest, observed),
    ],
  };
}
