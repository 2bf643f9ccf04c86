/** What a token must be good for: the arguments of the PAM module, in the form of Zalando's `pam_oauth2`. */
export interface PamArguments {
  /** Token-info URL; the token is appended to it. */
  url: string;
  /** Field of the answer that must be the name of the PostgreSQL role. */
  userField: string;
  /** Fields that must have these values. */
  conditions: { field: string; value: string }[];
  /** PEM file with the only authorities that may have signed the server's certificate. */
  caFile: string;
}

/** Authorities that Debian trusts, with those of `update-ca-certificates`. */
export const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt';

/** Arguments that cannot be used. Its text says which and why. */
export class ArgumentsError extends Error {
  override name = 'ArgumentsError';
}

const caOption = 'ca_file=';

/**
 * Reads `[ca_file=PATH] URL FIELD [FIELD=VALUE]...`. What stands before the URL is ours, so that no field of an answer
 * is taken for it.
 * @throws ArgumentsError
 */
export function parsePamArguments(words: string[]): PamArguments {
  const given = words[0]?.startsWith(caOption) === true ? words[0].slice(caOption.length) : undefined;
  const [url = '', userField = '', ...rest] = given === undefined ? words : words.slice(1);
  if (given !== undefined && !given.startsWith('/')) {
    throw new ArgumentsError(`${caOption}"${given}" is not an absolute path`);
  }
  checkUrl(url);
  if (userField === '') throw new ArgumentsError('the field with the user name is missing after the URL');
  const conditions = rest.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw new ArgumentsError(`"${word}" is not a condition: write it as field=value`);
    return { field: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { url, userField, conditions, caFile: given ?? systemAuthorities };
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new ArgumentsError(`"${text}" is not a URL`);
  // The token is in the URL: it must not travel in the clear.
  if (url.protocol !== 'https:') throw new ArgumentsError(`"${text}" does not begin with https://`);
  if (text.includes('#')) throw new ArgumentsError(`"${text}" has a fragment, which would swallow the token`);
  if (url.username !== '' || url.password !== '') throw new ArgumentsError('the URL has a user name in it');
}
