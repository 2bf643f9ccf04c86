import { expect, test } from 'vitest';
import { settingAssignment, settingKey, settingMatches, settingProblem } from './setting.ts';

test.each([
  ['work_mem', '64 MB', `"work_mem" TO '64 MB'`],
  ['Work_Mem', '64MB', `"Work_Mem" TO '64MB'`],
  ['application_name', `it's = "x"; DROP`, `"application_name" TO 'it''s = "x"; DROP'`],
  ['my.app_id', 'a=b=c', `"my"."app_id" TO 'a=b=c'`],
  ['DateStyle', 'ISO, DMY', `"DateStyle" TO 'ISO, DMY'`],
  ['search_path', '"$user", "Data",Other', `"search_path" TO '$user', 'Data', 'other'`],
  ['search_path', '$user, a.b , "x""y,z"', `"search_path" TO '$user', 'a.b', 'x"y,z'`],
  ['search_path', '', `"search_path" TO ''`],
  ['SEARCH_PATH', '""', `"SEARCH_PATH" TO ''`],
  [
    'session_preload_libraries',
    'auto_explain, $libdir/My Lib ',
    `"session_preload_libraries" TO 'auto_explain', '$libdir/My Lib'`,
  ],
])('%s = %j is written as %s', (name, value, sql) => {
  expect(settingProblem(name, value)).toBeUndefined();
  expect(settingAssignment(name, value)).toBe(sql);
});

test.each([
  ['search_path', 'a b', 'is not a list of names'],
  ['search_path', 'a,,b', 'is not a list of names'],
  ['search_path', 'a,', 'is not a list of names'],
  ['search_path', '"a', 'is not a list of names'],
  ['temp_tablespaces', 'a"b', 'is not a list of names'],
  ['a=b', 'x', 'cannot be the name of a parameter'],
  ['', 'x', 'cannot be the name of a parameter'],
  ['a b', 'x', 'cannot be the name of a parameter'],
  ['a.', 'x', 'cannot be the name of a parameter'],
  ['x'.repeat(64), 'x', 'has 64 bytes'],
  ['work_mem', 'a\0b', 'is not text'],
  ['application_name', 'x'.repeat(8001), 'longer than 8000 characters'],
])('%s = %j is refused', (name, value, message) => {
  expect(settingProblem(name, value)).toContain(message);
});

test('lists are compared by their names, everything else as text', () => {
  expect(settingMatches('search_path', '"$user",Data', '"$user", data')).toBe(true);
  expect(settingMatches('search_path', '"$user","Data"', '"$user", data')).toBe(false);
  expect(settingMatches('search_path', 'a, b', '"a, b"')).toBe(false);
  expect(settingMatches('DateStyle', 'ISO,DMY', 'ISO, DMY')).toBe(false);
  expect(settingMatches('work_mem', '64MB', '64MB')).toBe(true);
});

test('parameters have one name, however it is written', () => {
  expect(settingKey('TimeZone')).toBe('timezone');
  expect(settingKey('Sort_Mem')).toBe('work_mem');
});
