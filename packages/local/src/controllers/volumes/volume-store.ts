import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where the data of dynamically provisioned volumes lies. Both functions may be called again at any time. */
export interface VolumeStore {
  /** Makes the volume's directory unless it exists. Answers its absolute path. */
  create(volumeName: string): string;
  /** Removes the directory with all that is in it. Gone already is fine. */
  delete(volumeName: string): void;
}

/** One directory per volume below `root`, open to every user as other local provisioners make it. */
export function directoryVolumeStore(root: string): VolumeStore {
  const pathOf = (name: string): string => {
    // Names come from the API, where they are checked; a path must not be at risk if that check ever changes.
    if (!/^[a-z0-9][-a-z0-9.]*$/.test(name) || name.includes('..'))
      throw new Error(`not a volume name: "${name}"`);
    return join(root, name);
  };
  return {
    create(name) {
      const path = pathOf(name);
      mkdirSync(root, { recursive: true, mode: 0o711 });
      mkdirSync(path, { recursive: true });
      // Apart from mkdir, whose mode the umask would narrow.
      chmodSync(path, 0o777);
      return path;
    },
    delete: (name) => rmSync(pathOf(name), { recursive: true, force: true }),
  };
}
