import type { KubeObject } from '@pgherd/kube/objects';
import type { Configuration, Postgresql } from '@pgherd/api';
import { render } from '../render/render.ts';
import type { Remembered } from '../render/input.ts';
import { testConfiguration, testManifest, testRemembered } from './cluster.ts';
import { schemaProblems } from './official-schema.ts';

/** What differs from the manifest, configuration and memory that tests have by default. */
export interface TestInput {
  spec?: Partial<Postgresql['spec']>;
  metadata?: Partial<Postgresql['metadata']>;
  configuration?: Partial<Configuration>;
  remembered?: Partial<Remembered>;
}

/** The rendered objects by `Kind name` (`Kind namespace/name` outside of the cluster's namespace). Each fits its schema. */
export function rendered(input: TestInput = {}): Map<string, KubeObject> {
  const manifest = testManifest(input.spec);
  const desired = render({
    manifest: { ...manifest, metadata: { ...manifest.metadata, ...input.metadata } },
    configuration: testConfiguration(input.configuration),
    remembered: testRemembered(input.remembered),
  });
  const problems = schemaProblems(desired);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return new Map(
    desired.map(({ object }) => {
      const { namespace = '', name = '' } = object.metadata;
      return [`${object.kind} ${namespace === 'default' ? '' : `${namespace}/`}${name}`, object];
    }),
  );
}

/** One rendered object; throws when it is not there. */
export function renderedOne(name: string, input: TestInput = {}): KubeObject {
  const all = rendered(input);
  const found = all.get(name);
  if (found === undefined) throw new Error(`no ${name} among ${[...all.keys()].join(', ')}`);
  return found;
}

/** Paths that differ between two renderings, e.g. `Service acid-demo spec.type`; a whole object is its name alone. */
export function differences(before: TestInput, after: TestInput): string[] {
  const [one, other] = [rendered(before), rendered(after)];
  const names = [...new Set([...one.keys(), ...other.keys()])];
  return names.flatMap((name) => {
    const [a, b] = [one.get(name), other.get(name)];
    if (a === undefined || b === undefined) return [name];
    return differingPaths(a, b, '').map((path) => `${name} ${path}`);
  });
}

function differingPaths(a: unknown, b: unknown, path: string): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [path];
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => differingPaths(one[key], other[key], path === '' ? key : `${path}.${key}`));
}
