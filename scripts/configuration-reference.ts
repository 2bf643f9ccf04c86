import { type Group, type Key, configurationKeys, groups, oldKeys, writeDefault } from '@pgherd/api';
import { row } from './markdown-table.ts';

const keys = Object.entries(configurationKeys as Record<string, Key<unknown>>);

function meaning(key: Key<unknown>): string {
  const bounds = [
    key.minimum === undefined ? [] : `At least ${key.minimum}.`,
    key.maximum === undefined ? [] : `At most ${key.maximum}.`,
  ].flat();
  return [
    key.description,
    ...bounds,
    ...(key.nonEmpty ? ['Must not be empty.'] : []),
    ...(key.secret ? ['Never shown.'] : []),
    ...(key.noEffect === undefined ? [] : [capital(key.noEffect)]),
    ...(key.deprecated === undefined ? [] : [`Out of date: ${key.deprecated}`]),
    ...(key.differs === undefined
      ? []
      : [`Zalando's default is \`${key.differs.zalando}\`. ${key.differs.why}`]),
  ].join(' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function groupSection(group: Group): string {
  const rows = keys
    .filter(([, key]) => key.group === group)
    .map(([name, key]) => {
      const value = writeDefault(key);
      return row([
        `\`${name}\``,
        key.unit === undefined ? key.kind.name : `${key.kind.name} (${key.unit})`,
        value === '' ? '' : `\`${value}\``,
        key.notYet ? 'not yet' : key.noEffect === undefined ? 'yes' : 'no',
        meaning(key),
      ]);
    });
  return `## ${group === '' ? 'Top level' : group}

${groups[group]}

| Key | Type | Default | Acted on | Meaning |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function formsSection(): string {
  const rows = keys.flatMap(([name, key]) =>
    key.inResource === undefined
      ? []
      : [row([`\`${name}\``, writeDefault(key), key.inResource.zalando, key.inResource.decision])],
  );
  return `## Where the two forms differ

In Zalando's operator some settings mean something else in an \`OperatorConfiguration\` than in a ConfigMap, or depend
on which groups are there. In pgherd they never depend on groups.

| Key | Default in a ConfigMap | Zalando's, in an OperatorConfiguration | pgherd |
|---|---|---|---|
${rows.join('\n')}
`;
}

function oldSection(): string {
  const rows = Object.entries(oldKeys).map(([name, { instead }]) => row([`\`${name}\``, instead]));
  return `## Out of date

Understood, without effect, and answered with a warning.

| Key | Instead |
|---|---|
${rows.join('\n')}
`;
}

/** Reference of the operator's configuration, as Markdown. */
export function configurationReference(note: string): string {
  return `${note}
# The operator's configuration

It has two forms with the same keys. A ConfigMap is flat, and every value is a string. An \`OperatorConfiguration\`
(short name \`opconfig\`) has \`configuration:\` instead of \`spec:\`, and the keys in the groups that are the headings below.

| Type | In a ConfigMap | In an OperatorConfiguration |
|---|---|---|
| duration | \`30s\`, \`5m\`, \`1h30m\` | the same |
| list | \`one,two\`, or JSON | a list |
| map | \`key:value,key:value\` (a value may contain colons), or JSON | an object |
| Container, Probe, descriptions | JSON | objects |

An empty text means no value where there can be none, and else the default, with a warning. A wrong value is an error
that names the key and what it takes. A key that says *not yet* or *no* is read and checked, and changing it from its default
gives a warning.

The environment variable WATCHED_NAMESPACE wins over \`watched_namespace\`.

${(Object.keys(groups) as Group[]).map(groupSection).join('\n')}
${formsSection()}
${oldSection()}`;
}
