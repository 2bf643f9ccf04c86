import { expect, test } from 'vitest';
import { parseSettings } from './settings.ts';
import { watchedFiles } from './watched-files.ts';

const environment = {
  DCS_ENABLE_KUBERNETES_API: 'true',
  SCOPE: 'demo',
  HOSTNAME: 'demo-0',
  POD_IP: '10.0.0.7',
  PGPASSWORD_SUPERUSER: 's3cret',
  PGPASSWORD_STANDBY: 's4cret',
  PGVERSION: '17',
};
const parameters = { ssl_cert_file: '/tls/tls.crt', ssl_key_file: '/tls/tls.key', ssl_ca_file: '' };

test('nothing that the image makes itself', () => {
  expect(watchedFiles({ restapi: {}, postgresql: { parameters } }, parseSettings(environment))).toEqual([]);
});

test('certificates of the REST API and of PostgreSQL, each once', () => {
  const files = { certfile: '/patroni-api/tls.crt', keyfile: '/patroni-api/tls.key' };
  const configuration = {
    restapi: { ...files, authentication: { username: 'patroni' } },
    ctl: { ...files, cacert: '/patroni-api/ca.crt', insecure: true },
    postgresql: { parameters },
  };
  const given = {
    ...environment,
    SSL_CERTIFICATE_FILE: '/tls/tls.crt',
    SSL_PRIVATE_KEY_FILE: '/tls/tls.key',
  };
  expect(watchedFiles(configuration, parseSettings(given))).toEqual([
    '/patroni-api/tls.crt',
    '/patroni-api/tls.key',
    '/patroni-api/ca.crt',
    '/tls/tls.crt',
    '/tls/tls.key',
  ]);
});
