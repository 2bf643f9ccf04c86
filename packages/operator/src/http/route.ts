import type { Schema } from '@pgherd/kube/schema';
import type { Answer } from './answer.ts';

/** Parts of the path by the names in braces. */
export type Parameters = Record<string, string>;

/** One path that is served. */
export interface Route {
  /**
   * e.g. `/clusters/{namespace}/{cluster}/logs`. One that ends with `/` is also found without, by a redirect; others
   * answer the same with a slash at the end.
   */
  path: string;
  /** What it answers, for the OpenAPI document. */
  summary: string;
  /** Whether everybody may ask; for the probes of kubelet. */
  open?: boolean;
  /** Answer when all is well: its schema for JSON, or the type of a text. */
  answers: Schema | { contentType: string };
  /** What else it may answer, by status. */
  failures?: Record<number, string>;
  handle(parameters: Parameters): Answer | Promise<Answer>;
}

/** What a path leads to. */
export type Match = { route: Route; parameters: Parameters } | { redirect: string } | undefined;

/** Finds the route of a path. Literal parts win over parameters, in the order of the routes. */
export function match(routes: readonly Route[], path: string): Match {
  for (const route of routes) {
    const parameters = parametersOf(route.path, path);
    if (parameters !== undefined) return { route, parameters };
  }
  const isRoot = routes.some((route) => route.path === `${path}/`);
  return isRoot ? { redirect: `${path}/` } : undefined;
}

function parametersOf(template: string, path: string): Parameters | undefined {
  const given = template.endsWith('/') ? path : path.replace(/(?<=.)\/$/, '');
  const [wanted, parts] = [template.split('/'), given.split('/')];
  if (wanted.length !== parts.length) return undefined;
  const parameters: Parameters = {};
  for (const [index, part] of wanted.entries()) {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    const actual = parts[index] ?? '';
    if (name === undefined ? part !== actual : actual === '') return undefined;
    if (name !== undefined) parameters[name] = decode(actual);
  }
  return parameters;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
