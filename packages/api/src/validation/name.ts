import { dns1035 } from '../postgresql/patterns.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { Check, Report } from './report.ts';

/** A Service's name is a DNS label. */
const labelLength = 63;

/** A StatefulSet's pods carry a label with its name, a dash and a hash of up to ten digits. */
const hashLength = 11;

/** The cluster's name becomes the name of its Services, StatefulSet and pods. */
export const checkName: Check = (manifest, configuration, report) => {
  const { name } = manifest.metadata;
  const field = 'metadata.name';
  if (!dns1035.test(name)) {
    report.error(
      field,
      `\`${name}\` cannot be the name of a Service; use lower-case letters, digits and dashes, beginning with a letter.`,
    );
  }
  // With Endpoints Patroni makes a Service `-config`, in any case there is one `-repl`.
  const suffix = configuration.kubernetes_use_configmaps ? '-repl' : '-config';
  const longest = labelLength - suffix.length;
  if (name.length > longest) {
    report.error(
      field,
      `it has ${name.length} characters; at most ${longest} are possible, because the Service \`NAME${suffix}\` may have ${labelLength}. Create the cluster under a shorter name.`,
    );
  } else if (name.length > labelLength - hashLength) {
    report.warning(
      field,
      `it has ${name.length} characters; with more than ${labelLength - hashLength} Kubernetes may refuse to create pods, because a label with the name and a hash gets too long.`,
    );
  }
  checkPoolerNames(manifest, report);
  if (configuration.enable_team_id_clustername_prefix) {
    const { teamId } = manifest.spec;
    const prefix = `${teamId}-`.toLowerCase();
    if (teamId === '')
      report.error('spec.teamId', 'it must not be empty, because names begin with the team here.');
    else if (!name.toLowerCase().startsWith(prefix) || name.length <= prefix.length)
      report.error(
        field,
        `it must begin with the team and a dash (\`${prefix}\`), as this operator is configured.`,
      );
  }
};

/** Poolers have Services with longer names. */
function checkPoolerNames({ metadata: { name }, spec }: Postgresql, report: Report): void {
  const hasPooler = spec.enableConnectionPooler ?? spec.connectionPooler !== undefined;
  const poolers: [boolean, string, string][] = [
    [hasPooler, 'enableConnectionPooler', '-pooler'],
    [spec.enableReplicaConnectionPooler === true, 'enableReplicaConnectionPooler', '-pooler-repl'],
  ];
  for (const [isWanted, field, suffix] of poolers) {
    const longest = labelLength - suffix.length;
    if (isWanted && name.length > longest)
      report.error(
        `spec.${field}`,
        `the cluster's name has ${name.length} characters; with this pooler at most ${longest} are possible, because the Service \`NAME${suffix}\` may have ${labelLength}.`,
      );
  }
}
