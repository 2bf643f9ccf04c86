import type { PublishedKind } from './kinds.ts';
import { definitionName, groupVersion, listDefinitionName } from './kinds.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  type: 'string' | 'boolean' | 'integer';
  description: string;
}

/** One request that a path answers; rendered into either version of OpenAPI. */
export interface Operation {
  method: 'get' | 'put' | 'post' | 'delete' | 'patch';
  /** `x-kubernetes-action`. */
  action: string;
  id: string;
  parameters: Parameter[];
  /** Definition of the body. */
  body?: string;
  consumes: string[];
  /** Definition of the answer. */
  result: string;
  gvk: { group: string; version: string; kind: string };
}

export interface Path {
  path: string;
  parameters: Parameter[];
  operations: Operation[];
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});
const dryRun = query('dryRun', 'string', 'With `All`, everything is checked and nothing is stored.');
const fieldManager = query('fieldManager', 'string', 'Who is recorded in managedFields as the writer.');
const fieldValidation = query(
  'fieldValidation',
  'string',
  'What to do with unknown or duplicate fields: `Ignore`, `Warn` (default) or `Strict`.',
);
const force = query('force', 'boolean', 'Server-side apply takes fields over that other managers own.');
const writing = [dryRun, fieldManager, fieldValidation];
const listing = [
  query('allowWatchBookmarks', 'boolean', 'Also send bookmarks in a watch.'),
  query('continue', 'string', 'Go on after the page that answered this token.'),
  query('fieldSelector', 'string', 'Restricts the answer by fields.'),
  query('labelSelector', 'string', 'Restricts the answer by labels.'),
  query('limit', 'integer', 'At most so many objects in one answer.'),
  query('resourceVersion', 'string', 'The version to start from.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion restricts a list.'),
  query('sendInitialEvents', 'boolean', 'Start a watch with what exists.'),
  query('timeoutSeconds', 'integer', 'Ends the request after so many seconds.'),
  query('watch', 'boolean', 'Watch for changes instead of listing.'),
];
const deleting = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds that the object may take to end; 0 is at once.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', '`Orphan`, `Background` or `Foreground`.'),
];

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Paths and operations of one served kind. */
export function pathsOf(kind: PublishedKind): Path[] {
  const own = definitionName(kind);
  const list = listDefinitionName(kind);
  const gvk = { group: kind.group, version: kind.version, kind: kind.kind };
  const root = `/${kind.group === '' ? 'api' : 'apis'}/${groupVersion(kind)}`;
  const namespace: Parameter = { name: 'namespace', in: 'path', type: 'string', description: 'Namespace.' };
  const objectName: Parameter = {
    name: 'name',
    in: 'path',
    type: 'string',
    description: `Name of the ${kind.kind}.`,
  };
  const scope = kind.namespaced ? [namespace] : [];
  const collection = kind.namespaced
    ? `${root}/namespaces/{namespace}/${kind.plural}`
    : `${root}/${kind.plural}`;
  const idOf = (verb: string, suffix = ''): string => {
    const prefix = [kind.group === '' ? 'core' : (kind.group.split('.')[0] ?? ''), kind.version].map(capital);
    return `${verb}${prefix.join('')}${kind.namespaced ? 'Namespaced' : ''}${capital(kind.kind)}${suffix}`;
  };
  const operation = (
    verb: string,
    method: Operation['method'],
    action: string,
    more: { parameters: Parameter[]; body?: string; result?: string; suffix?: string },
  ): Operation => ({
    method,
    action,
    id: idOf(verb, more.suffix),
    parameters: more.parameters,
    ...(more.body === undefined ? {} : { body: more.body }),
    consumes: patchesOrAny(method, kind),
    result: more.result ?? own,
    gvk,
  });
  const has = (verb: string): boolean => kind.verbs.includes(verb);
  const onCollection: Operation[] = [];
  if (has('list')) onCollection.push(operation('list', 'get', 'list', { parameters: listing, result: list }));
  if (has('create'))
    onCollection.push(operation('create', 'post', 'post', { parameters: writing, body: own }));
  if (has('deletecollection')) {
    const parameters = [...deleting, ...listing];
    const body = `${meta}.DeleteOptions`;
    const result = `${meta}.Status`;
    onCollection.push(
      operation('deleteCollection', 'delete', 'deletecollection', { parameters, body, result }),
    );
  }
  const onObject = (suffix: string, verbs: readonly string[]): Operation[] => {
    const all: Operation[] = [];
    if (verbs.includes('get')) all.push(operation('read', 'get', 'get', { parameters: [], suffix }));
    if (verbs.includes('update'))
      all.push(operation('replace', 'put', 'put', { parameters: writing, body: own, suffix }));
    if (verbs.includes('delete')) {
      const body = `${meta}.DeleteOptions`;
      all.push(
        operation('delete', 'delete', 'delete', {
          parameters: deleting,
          body,
          result: `${meta}.Status`,
          suffix,
        }),
      );
    }
    if (verbs.includes('patch')) {
      const parameters = [...writing, force];
      all.push(operation('patch', 'patch', 'patch', { parameters, body: `${meta}.Patch`, suffix }));
    }
    return all;
  };
  const paths: Path[] = [
    { path: collection, parameters: scope, operations: onCollection },
    {
      path: `${collection}/{name}`,
      parameters: [objectName, ...scope],
      operations: onObject('', kind.verbs),
    },
  ];
  if (kind.subresources.includes('status')) {
    const operations = onObject('Status', ['get', 'update', 'patch']);
    paths.push({ path: `${collection}/{name}/status`, parameters: [objectName, ...scope], operations });
  }
  if (kind.namespaced && has('list')) {
    const operations = [
      operation('list', 'get', 'list', { parameters: listing, result: list, suffix: 'ForAllNamespaces' }),
    ];
    paths.push({ path: `${root}/${kind.plural}`, parameters: [], operations });
  }
  return paths.filter((path) => path.operations.length > 0);
}

/** Strategic merge patches are for built-in kinds only. */
function patchesOrAny(method: string, kind: PublishedKind): string[] {
  if (method !== 'patch') return ['*/*'];
  return patchTypes.filter((type) => !kind.custom || !type.includes('strategic'));
}
