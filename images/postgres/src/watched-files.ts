import type { Mapping, Settings } from './settings.ts';

const inSection = ['certfile', 'keyfile', 'cafile', 'cacert'];
const inParameters = ['ssl_cert_file', 'ssl_key_file', 'ssl_ca_file', 'ssl_crl_file'];

/** Certificates that somebody else makes, and may renew while the server runs: of the REST API, and of PostgreSQL. */
export function watchedFiles(configuration: Mapping, { tls }: Settings): string[] {
  const section = (name: string) => (configuration[name] ?? {}) as Mapping;
  const parameters = (section('postgresql')['parameters'] ?? {}) as Mapping;
  const files = [
    ...['restapi', 'ctl'].flatMap((name) => inSection.map((key) => section(name)[key])),
    ...(tls.selfSigned ? [] : inParameters.map((key) => parameters[key])),
  ];
  return [...new Set(files.filter((file) => typeof file === 'string' && file !== ''))] as string[];
}
