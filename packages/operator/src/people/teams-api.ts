import { configurationKeys, type Configuration } from '@pgherd/api';

/**
 * Whether the Teams API is asked. It is switched on by default, because whoever relies on it has set its URL only; the
 * URL that is the default is nobody's.
 */
export function asksTeamsApi(configuration: Configuration): boolean {
  const { enable_teams_api: isOn, teams_api_url: url } = configuration;
  return isOn && url !== '' && url !== configurationKeys.teams_api_url.default;
}
