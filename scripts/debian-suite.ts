/** Packages and sources of any Debian release, fetched with apt beside the machine's own configuration. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianMirror } from '../images/base.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** apt for one release, in a directory of its own: nothing of the machine's apt changes, nothing is installed. */
export interface DebianSuite {
  /** Where fetched files land. */
  readonly directory: string;
  /** Runs `apt-get ARGS` in the directory. Answers whether it ended well, and what it printed. */
  readonly apt: (...args: string[]) => { ok: boolean; output: string };
}

/** Calls `use` with apt set up for a release (`trixie`); what was fetched is gone afterwards. Throws when apt fails. */
export function withDebianSuite<T>(suite: string, use: (debian: DebianSuite) => T): T {
  if (!existsSync(keyring)) {
    throw new Error(
      `${keyring} is missing: install debian-archive-keyring (apt-get install debian-archive-keyring)`,
    );
  }
  const directory = mkdtempSync(join(tmpdir(), `pgherd-apt-${suite}-`));
  try {
    const lines = ['deb', 'deb-src'].map(
      (type) => `${type} [signed-by=${keyring}] ${debianMirror()} ${suite} main\n`,
    );
    for (const name of ['lists/partial', 'cache/archives/partial', 'fetched']) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    writeFileSync(join(directory, 'sources.list'), lines.join(''));
    writeFileSync(join(directory, 'status'), '');
    const settings = {
      'Dir::Etc::SourceList': join(directory, 'sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      'Dir::State::Lists': join(directory, 'lists'),
      'Dir::State::Status': join(directory, 'status'),
      'Dir::Cache': join(directory, 'cache'),
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const fetched = join(directory, 'fetched');
    const apt = (...args: string[]): { ok: boolean; output: string } => {
      const result = spawnSync('apt-get', [...options, '-q', ...args], {
        cwd: fetched,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
    };
    const { ok, output } = apt('update');
    if (!ok) throw new Error(`apt-get update for ${suite} failed:\n${output.slice(-2000)}`);
    return use({ directory: fetched, apt });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
