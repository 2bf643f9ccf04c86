import { expect, test } from 'vitest';
import { hostBasedLine, pamService, parsePeople, roleAsWord } from './people.ts';

const url = 'https://info.example.com/oauth2/tokeninfo?access_token=';

test('without a configuration there is no service and no line', () => {
  for (const environment of [{}, { PAM_OAUTH2: '' }, { PAM_OAUTH2: ' \n' }]) {
    const people = parsePeople(environment);
    expect(people).toEqual({ role: 'zalandos', login: 'off', pamArguments: [], warnings: [] });
    expect(pamService(people)).toBeUndefined();
    expect(hostBasedLine(people, 'all')).toEqual([]);
  }
});

test("Zalando's configuration becomes the module's arguments, people log in over TLS only", () => {
  const people = parsePeople({ PAM_OAUTH2: `${url} uid realm=/employees`, HUMAN_ROLE: 'people' });
  expect(pamService(people)).toBe(
    `auth required pam_oauth2.so ${url} uid realm=/employees\naccount required pam_oauth2.so\n`,
  );
  expect(hostBasedLine(people, '::1/128').map((line) => line.split(/ +/))).toEqual([
    ['hostssl', 'all', '+people', '::1/128', 'pam'],
  ]);
});

test('an authority of its own, and values with spaces and brackets', () => {
  const people = parsePeople({
    PAM_OAUTH2: `${url}\n uid [scope=a [b\\]]  list=[x]`,
    PAM_OAUTH2_CA_FILE: '/tls/ca.crt',
  });
  expect(people.pamArguments).toEqual(['ca_file=/tls/ca.crt', url, 'uid', 'scope=a [b]', 'list=[x]']);
  expect(pamService(people)?.split('\n')[0]).toBe(
    `auth required pam_oauth2.so ca_file=/tls/ca.crt ${url} uid [scope=a [b\\]] [list=[x\\]]`,
  );
});

test.each([
  ['http://info.example.com/?access_token= uid', 'does not begin with https://'],
  [url, 'the field with the user name is missing'],
  [`${url} uid realm=#1`, "has a character that PAM's files cannot hold"],
  [`${url} uid realm=a\\`, "has a character that PAM's files cannot hold"],
  [`${url} uid [realm=a\nauth sufficient pam_permit.so]`, "has a character that PAM's files cannot hold"],
  [`${url} uid realm`, 'is not a condition'],
])('%j keeps people out and the database running', (text, problem) => {
  const people = parsePeople({ PAM_OAUTH2: text });
  expect(people.login).toBe('broken');
  expect(people.warnings.join()).toContain(problem);
  expect(pamService(people)).toBeUndefined();
  // No other line, such as that for passwords, is to match them.
  expect(hostBasedLine(people, 'all')).toHaveLength(1);
});

test('PAM looks in /run only', () => {
  expect(parsePeople({ PAM_OAUTH2: `${url} uid`, RW_DIR: '/run' }).login).toBe('token');
  expect(parsePeople({ PAM_OAUTH2: `${url} uid`, RW_DIR: '/tmp/run' }).login).toBe('broken');
});

test('a group role of odd characters', () => {
  const people = parsePeople({ PAM_OAUTH2: `${url} uid`, HUMAN_ROLE: 'The "People\'s" Role' });
  expect(hostBasedLine(people, 'all')[0]).toMatch(/^hostssl +all +\+"The ""People's"" Role" +all +pam$/);
  expect(roleAsWord(people)).toBe(`'The "People'"'"'s" Role'`);
});
