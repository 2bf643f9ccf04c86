import { expect, test } from 'vitest';
import { ArgumentsError, parsePamArguments, systemAuthorities } from './arguments.ts';

const url = 'https://info.example.com/oauth2/tokeninfo?access_token=';

test("Zalando's form: URL, field with the name, conditions", () => {
  expect(parsePamArguments([url, 'uid', 'realm=/employees', 'scope=a=b'])).toEqual({
    url,
    userField: 'uid',
    conditions: [
      { field: 'realm', value: '/employees' },
      { field: 'scope', value: 'a=b' },
    ],
    caFile: systemAuthorities,
  });
});

test('an authority of its own stands before the URL; behind it, it is a condition', () => {
  expect(parsePamArguments(['ca_file=/etc/ca.pem', url, 'uid'])).toMatchObject({
    url,
    conditions: [],
    caFile: '/etc/ca.pem',
  });
  expect(parsePamArguments([url, 'uid', 'ca_file=x'])).toMatchObject({
    conditions: [{ field: 'ca_file', value: 'x' }],
    caFile: systemAuthorities,
  });
});

test.each([
  [[], '"" is not a URL'],
  [['info.example.com', 'uid'], 'is not a URL'],
  [['http://info.example.com/?access_token=', 'uid'], 'does not begin with https://'],
  [['https://info.example.com/#access_token=', 'uid'], 'has a fragment'],
  [['https://me:secret@info.example.com/?access_token=', 'uid'], 'the URL has a user name in it'],
  [[url], 'the field with the user name is missing'],
  [[url, 'uid', 'realm'], '"realm" is not a condition'],
  [[url, 'uid', '=x'], '"=x" is not a condition'],
  [['ca_file=ca.pem', url, 'uid'], 'is not an absolute path'],
])('%j is refused: %s', (words, problem) => {
  expect(() => parsePamArguments(words)).toThrow(ArgumentsError);
  expect(() => parsePamArguments(words)).toThrow(problem);
});
