import { expect, test } from 'vitest';
import { attributesOf } from './declared.ts';

test('flags of a manifest: case does not matter, login unless it says otherwise', () => {
  expect(attributesOf([])).toEqual({ login: true });
  expect(attributesOf(['SUPERUSER', 'nocreatedb', 'NOLOGIN'])).toEqual({
    superuser: true,
    createdb: false,
    login: false,
  });
  expect(() => attributesOf(['createdb', 'NOCREATEDB'])).toThrow('contradict');
  expect(() => attributesOf(['root'])).toThrow('`root` is not a role attribute');
});
