/**
 * Writes the objects of every golden pair anew: `node packages/operator/src/golden/write.ts`. The differences are to be
 * looked at, one by one.
 */
import { writeFileSync } from 'node:fs';
import { goldenNames, objectsFile, renderGolden, written } from './golden.ts';

for (const name of goldenNames()) {
  try {
    writeFileSync(objectsFile(name), written(renderGolden(name)));
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
