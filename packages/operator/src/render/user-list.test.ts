import { expect, test } from 'vitest';
import { userList, versionAnnotation } from './user-list.ts';

const lines = ['"pooler" "geheim"\n', '"monitoring" "auch"\n'];
const list = lines.join('');

test('a new list has a version, another one another version, the same one the same', () => {
  const first = userList(lines, undefined);
  expect(first).toEqual({ list, version: expect.stringMatching(/^[0-9a-f]{8}$/) });
  expect(userList(lines, first)).toEqual(first);
  const other = userList(['"pooler" "anders"\n'], first);
  expect(other.list).toBe('"pooler" "anders"\n');
  expect(other.version).not.toBe(first.version);
  expect(userList(lines, other)).toEqual(first);
});

test('a list of the other operator stays as it is, in whatever order, until it changes', () => {
  const theirs = lines.toReversed().join('');
  expect(userList(lines, { list: theirs })).toEqual({ list: theirs });
  expect(versionAnnotation(userList(lines, { list: theirs }))).toEqual({});
  const changed = userList([lines[0] ?? ''], { list: theirs });
  expect(changed).toEqual({ list: lines[0], version: expect.any(String) });
  expect(versionAnnotation(changed)).toEqual({ 'pgherd.dev/user-list': changed.version });
});

test.each([['"pooler" "geheim"'], [`${list}${list}`], ['']])('%j is another list', (existing) => {
  expect(userList(lines, { list: existing })).toEqual({ list, version: expect.any(String) });
});
