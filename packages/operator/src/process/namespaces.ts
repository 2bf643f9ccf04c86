/** The namespaces whose manifests are acted on. */
export type Namespaces = readonly string[] | '*';

/** Reads `watched_namespace`: one name, several with commas between them, `*` for all, or nothing for the operator's own. */
export function watchedNamespaces(text: string, own: string): Namespaces {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.includes('*')) return '*';
  return names.length === 0 ? [own] : [...new Set(names)].sort();
}

/** For people. */
export function describeNamespaces(namespaces: Namespaces): string {
  return namespaces === '*' ? 'all namespaces' : namespaces.join(', ');
}
