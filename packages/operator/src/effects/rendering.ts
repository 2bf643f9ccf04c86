import { formatProblem, parseConfiguration, type Configuration, type Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { kinds, objectKey, type Desired } from '../kinds.ts';
import { claimName } from '../names.ts';
import { planDeletion } from '../plan/deletion.ts';
import { stepsOf } from '../plan/step.ts';
import { assess } from '../reconcile/assess.ts';
import { goalOf } from '../reconcile/goal.ts';
import { observe } from '../observe/observe.ts';
import type { Observed } from '../observe/observed.ts';
import { peopleOf } from '../people/cluster-people.ts';
import { mergePostgresTeams } from '../people/team-map.ts';
import { declaredWithSecrets } from '../testing/declared.ts';
import { testManifest, testObserved, testSource } from '../testing/cluster.ts';
import type { Written } from './effect.ts';

/** Rotations need a time from which some years can be taken. */
const now = Date.parse('2026-01-01T00:00:00Z');

/** All that a manifest and a configuration come to, by object and by what is not an object. */
export type Rendering = Record<string, unknown>;

/** The objects of a new cluster, what is wanted of Patroni and of PostgreSQL, and what a deletion would take away. */
export function renderAll(...all: (Written | undefined)[]): Rendering {
  const manifest = manifestOf(all);
  const { configuration, named, problems } = parseConfiguration(
    Object.assign({}, ...all.map((written) => written?.configuration)) as Record<string, string>,
  );
  const errors = problems.filter(({ severity }) => severity === 'error').map(formatProblem);
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const others = all.flatMap((written) => written?.objects ?? []);
  const cluster = { namespace: 'default', name: manifest.metadata.name };
  const observed: Observed = {
    ...observe(testSource(others, configuration), configuration, cluster, {
      databaseFingerprint: undefined,
    }),
    ...peopleIn(all, manifest, configuration),
  };
  const assessment = assess(manifest, { configuration, named }, observed);
  if (assessment.errors.length > 0) {
    return { problems: assessment.errors.map(formatProblem) };
  }
  const pass = goalOf(assessment.manifest, { configuration, named }, observed, {
    now,
    newPassword: () => 'generated',
  });
  const { objects } = pass.goal;
  // How it stands, and nothing that somebody wrote.
  const { awaitsPasswords: _, ...pods } = pass.goal.pods;
  return {
    ...Object.fromEntries(
      objects.flatMap(({ kind, object, kept }) => {
        const name = `${kind.kind} ${labelOf(object)}`;
        const both: [string, unknown][] = [[name, withoutIdentity(object)]];
        return kept === undefined ? both : [...both, [`${name} kept`, withoutIdentity(kept)]];
      }),
    ),
    problems: assessment.warnings.map(formatProblem),
    'rolling updates': { ...pods, patienceMs: pass.patienceMs },
    Patroni: pass.goal.configuration?.wanted ?? 'left alone',
    PostgreSQL:
      pass.goal.database === undefined
        ? 'left alone'
        : declaredWithSecrets(assessment.manifest, { configuration, named }, observed, {
            now,
            newPassword: () => 'generated',
          }),
    deletion: deletionOf(objects, manifest, configuration),
  };
}

/** Who may log in, as far as anything is written about it. */
function peopleIn(
  all: (Written | undefined)[],
  { spec }: Postgresql,
  configuration: Configuration,
): Pick<Observed, 'people'> {
  const written = Object.assign({}, ...all) as Written;
  if (written.teams === undefined) return {};
  const teams = new Map(Object.entries(written.teams));
  const object = { ...postgresTeam, spec: written.postgresTeam ?? {} };
  return {
    people: peopleOf(spec.teamId, {
      configuration,
      postgresTeams: mergePostgresTeams([object]),
      isLate: false,
      teamsApi: (team) => ({
        membership: { exists: teams.has(team), members: teams.get(team) ?? [], refused: [] },
        failure: undefined,
      }),
    }),
  };
}

const postgresTeam = {
  apiVersion: 'acid.zalan.do/v1',
  kind: 'PostgresTeam',
  metadata: { name: 'more' },
} as const;

function manifestOf(all: (Written | undefined)[]): Postgresql {
  const base = testManifest(Object.assign({}, ...all.map((written) => written?.spec)) as object);
  const annotations = Object.assign({}, ...all.map((written) => written?.annotations)) as object;
  const labels = Object.assign({}, ...all.map((written) => written?.labels)) as object;
  return { ...base, metadata: { ...base.metadata, annotations: { ...annotations }, labels: { ...labels } } };
}

function labelOf({ metadata }: KubeObject): string {
  const { namespace = '', name = '' } = metadata;
  return namespace === 'default' ? name : `${namespace}/${name}`;
}

function withoutIdentity(object: KubeObject): unknown {
  const { name: _name, namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Names of what would be deleted, once all of it exists and two members have claims. */
function deletionOf(
  objects: Desired[],
  manifest: Postgresql,
  configuration: Parameters<typeof planDeletion>[0],
): Record<string, true> {
  const observed = testObserved(objects);
  const live = new Map(observed.objects);
  for (const ordinal of [0, 1]) {
    const metadata = { name: claimName(manifest.metadata.name, ordinal), namespace: 'default' };
    live.set(objectKey(kinds.claim, 'default', metadata.name), { metadata });
  }
  const steps = stepsOf(planDeletion(configuration, { ...observed, objects: live }));
  return Object.fromEntries(steps.map(({ what }) => [` ${what}`, true]));
}
