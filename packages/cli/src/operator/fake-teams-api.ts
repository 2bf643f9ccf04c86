import { readFileSync } from 'node:fs';
import { readTeamsFile, startFakeTeamsApi, type FakeTeamsApi } from '@pgherd/teams/fake';
import { CommandError, exitCode } from '../exit-code.ts';

/** Options of `pgherd operator fake-teams-api`. */
export interface FakeTeamsApiCommand {
  teams: string;
  tokenFile?: string;
  host: string;
  port: string;
}

/** Plays a Teams API until SIGTERM or SIGINT. Both files are read at each request. */
export async function runFakeTeamsApi(options: FakeTeamsApiCommand): Promise<void> {
  const stop = Promise.withResolvers<void>();
  process.once('SIGTERM', stop.resolve);
  process.once('SIGINT', stop.resolve);
  const api = await startFromOptions(options);
  console.log(`playing a Teams API at ${api.url}`);
  await stop.promise;
  await api.stop();
}

async function startFromOptions({
  teams,
  tokenFile,
  host,
  port,
}: FakeTeamsApiCommand): Promise<FakeTeamsApi> {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65535)
    throw new CommandError(`--port ${port}: give a number from 0 to 65535`, exitCode.wrongUsage);
  try {
    readTeamsFile(teams);
    if (tokenFile !== undefined) readFileSync(tokenFile);
  } catch (error) {
    throw new CommandError((error as Error).message, exitCode.wrongUsage);
  }
  return startFakeTeamsApi({
    teams: () => readTeamsFile(teams),
    ...(tokenFile === undefined ? {} : { token: () => readFileSync(tokenFile, 'utf8') }),
    host,
    port: number,
    onAnswer: (request, status) => console.log(`${request} ${status}`),
  });
}
