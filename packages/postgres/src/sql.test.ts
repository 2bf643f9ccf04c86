import { expect, test } from 'vitest';
import { readable } from './sql.ts';

test.each([
  ['foo_user', 'foo_user'],
  ['Bar.Baz-1', 'Bar.Baz-1'],
  ['größe', 'größe'],
  ['x; drop role postgres', '"x; drop role postgres"'],
  ['a "b"', String.raw`"a \"b\""`],
  ['', '""'],
  ['line\nline', String.raw`"line\nline"`],
  ['-c', '"-c"'],
])('%j is read as %s', (name, shown) => {
  expect(readable(name)).toBe(shown);
});
