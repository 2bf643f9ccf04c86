import type { Configuration, ConfigurationKey } from '@pgherd/api';

/** The operator's configuration as it holds at the moment. */
export interface Settings {
  configuration: Configuration;
  /** Keys that somebody wrote. Only these change a cluster that was made with other defaults than ours. */
  named: ReadonlySet<ConfigurationKey>;
}
