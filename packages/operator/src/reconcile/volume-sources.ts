import type { Postgresql, Problem } from '@pgherd/api';
import { builtinDefinition, prune, validate } from '@pgherd/kube/schema';

const volumeSchema = builtinDefinition('io.k8s.api.core.v1.Volume');

/**
 * What is wrong with `spec.additionalVolumes[].volumeSource`, which the manifest's schema leaves open: every pod would
 * be refused for it.
 */
export function volumeSourceProblems(manifest: Postgresql): Problem[] {
  return (manifest.spec.additionalVolumes ?? []).flatMap((wanted, index) => {
    const field = `spec.additionalVolumes[${index}].volumeSource`;
    const problem = (path: string, message: string): Problem => ({
      severity: 'error',
      field: path === '' ? field : `${field}.${path}`,
      message,
    });
    const source: unknown = structuredClone(wanted.volumeSource);
    if (volumeSchema === undefined || typeof source !== 'object' || source === null) return [];
    const kinds = Object.keys(source);
    if (kinds.length > 1) return [problem('', `it has ${kinds.join(' and ')}; a volume has one source.`)];
    const unknown = prune(volumeSchema, source).map((path) =>
      problem(path, 'Kubernetes knows no such field; correct its name.'),
    );
    const wrong = validate(volumeSchema, { ...source, name: wanted.name }).map(({ field: path, detail }) =>
      problem(path, detail === '' ? 'it is missing and must be given.' : detail),
    );
    return [...unknown, ...wrong];
  });
}
