import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VolumeImages } from './volume-images.ts';

/** Where the data of dynamically provisioned volumes lies. All functions may be called again at any time. */
export interface VolumeStore {
  /**
   * Makes the volume's directory unless it exists, and with `limit` (bytes) the file of that size that a node mounts
   * there. Answers its absolute path.
   */
  create(volumeName: string, limit?: number): string;
  /** Makes the file of a volume with a limit larger. Answers whether there is one, whose file system has to follow. */
  grow(volumeName: string, limit: number): boolean;
  /** Removes the directory with all that is in it. Gone already is fine; fails while a limited one is used. */
  delete(volumeName: string): void;
}

/** One directory per volume below `home/volumes`, open to every user as other local provisioners make it. */
export function directoryVolumeStore(home: string): VolumeStore {
  const root = join(home, 'volumes');
  const images = new VolumeImages(home);
  const pathOf = (name: string): string => {
    // Names come from the API, where they are checked; a path must not be at risk if that check ever changes.
    if (!/^[a-z0-9][-a-z0-9.]*$/.test(name) || name.includes('..'))
      throw new Error(`not a volume name: "${name}"`);
    return join(root, name);
  };
  return {
    create(name, limit) {
      const path = pathOf(name);
      mkdirSync(root, { recursive: true, mode: 0o711 });
      mkdirSync(path, { recursive: true });
      if (limit !== undefined) images.reserve(name, limit);
      // Apart from mkdir, whose mode the umask would narrow.
      else chmodSync(path, 0o777);
      return path;
    },
    grow(name, limit) {
      pathOf(name);
      if (!images.has(name)) return false;
      images.reserve(name, limit);
      return true;
    },
    delete(name) {
      const path = pathOf(name);
      images.remove(name, path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
