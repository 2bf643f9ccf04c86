import type { Configuration } from '../configuration/keys.ts';
import { dns1123 } from '../postgresql/patterns.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { Problem } from '../problem.ts';
import type { Check, Report } from './report.ts';

const databaseContainer = 'postgres';

/** Containers beside the database container, and the variables of all of them. */
export const checkContainers: Check = (manifest, _configuration, report) => {
  const { env, initContainers = [], sidecars = [] } = manifest.spec;
  checkVariables('spec.env', env, report);
  const seen = new Map([[databaseContainer, 'the database container']]);
  initContainers.forEach((container, index) => {
    const field = `spec.initContainers[${index}]`;
    if (!container.image) report.error(`${field}.image`, 'a container needs an image.');
    checkContainerName(`${field}.name`, container.name, report);
    const other = seen.get(container.name);
    if (other !== undefined)
      report.error(`${field}.name`, `\`${container.name}\` is already the name of ${other}; choose another.`);
    seen.set(container.name, field);
    const twice = duplicateOf((container.env ?? []).map(({ name }) => name));
    if (twice !== undefined)
      report.error(`${field}.env`, `\`${twice}\` is there twice; remove one of the two.`);
    checkVariables(`${field}.env`, container.env, report);
  });
  sidecars.forEach((sidecar, index) => {
    const field = `spec.sidecars[${index}]`;
    if (!sidecar.image) report.error(`${field}.image`, 'a container needs an image.');
    if (sidecar.name === databaseContainer)
      report.error(`${field}.name`, '`postgres` is the database container; choose another name.');
    else if (sidecar.name) checkContainerName(`${field}.name`, sidecar.name, report);
    checkVariables(`${field}.env`, sidecar.env, report);
  });
};

function checkContainerName(field: string, name: string, report: Report): void {
  if (!dns1123.test(name) || name.length > 63)
    report.error(
      field,
      `\`${name}\` cannot be the name of a container; use lower-case letters, digits and dashes, at most 63.`,
    );
}

/** Kubernetes' own rule for names of variables, as old versions of it have it. */
const variableName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

function checkVariables(field: string, env: { name: string }[] | undefined, report: Report): void {
  (env ?? []).forEach(({ name }, index) => {
    if (!variableName.test(name) || name === '.' || name.startsWith('..'))
      report.error(
        `${field}[${index}].name`,
        `\`${name}\` cannot be the name of a variable; use letters, digits, \`_\`, \`-\` and \`.\`, not a digit first.`,
      );
  });
}

function duplicateOf(names: string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

/**
 * What a manifest has and the operator's configuration forbids in new clusters (`enable_sidecars`,
 * `enable_init_containers`). A cluster that exists keeps it.
 */
export function forbiddenContainers(manifest: Postgresql, configuration: Configuration): Problem[] {
  const { sidecars = [], initContainers = [] } = manifest.spec;
  const problem = (field: string, key: string): Problem => ({
    severity: 'error',
    field,
    message: `the operator's \`${key}\` is \`false\`: no new cluster may have any; remove them.`,
  });
  return [
    ...(sidecars.length > 0 && !configuration.enable_sidecars
      ? [problem('spec.sidecars', 'enable_sidecars')]
      : []),
    ...(initContainers.length > 0 && !configuration.enable_init_containers
      ? [problem('spec.initContainers', 'enable_init_containers')]
      : []),
  ];
}
