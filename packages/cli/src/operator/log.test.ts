import { defaultConfiguration } from '@pgherd/api';
import { expect, test } from 'vitest';
import { levelOf, operatorLog } from './log.ts';

function logged(environment: Record<string, string>): string {
  let text = '';
  operatorLog(environment, { write: (line) => (text += line) }).warn(
    { cluster: 'default/acid-demo', steps: 2, err: new Error('no answer') },
    'step failed',
  );
  return text;
}

test('JSON unless told otherwise, as Zalando tells it', () => {
  const line = { level: 40, msg: 'step failed', cluster: 'default/acid-demo', steps: 2 };
  for (const environment of [{}, { ENABLE_JSON_LOGGING: 'true', LOG_NOQUOTE: '1' }])
    expect(JSON.parse(logged(environment as Record<string, string>))).toMatchObject(line);
  const rest = (text: string) => text.slice(text.indexOf(' ') + 1);
  expect(rest(logged({ ENABLE_JSON_LOGGING: 'false' }))).toBe(
    'WARN  step failed cluster="default/acid-demo" steps=2 err="no answer"\n',
  );
  expect(rest(logged({ LOG_NOQUOTE: 'yes' }))).toBe(
    'WARN  step failed cluster=default/acid-demo steps=2 err=no answer\n',
  );
});

test('debug_logging is heard, unless the environment says', () => {
  const configuration = { ...defaultConfiguration(), debug_logging: true };
  expect(levelOf(configuration, {})).toBe('debug');
  expect(levelOf(defaultConfiguration(), {})).toBe('info');
  expect(levelOf(configuration, { PGHERD_LOG_LEVEL: 'warn' })).toBe('warn');
});
