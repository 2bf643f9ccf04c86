/**
 * Writes what comes of every golden input anew: `node packages/operator/src/golden/write.ts`. The differences are to be
 * looked at, one by one.
 */
import { writeFileSync } from 'node:fs';
import { declaredFile, goldenNames, objectsFile, renderGolden, written, writtenDeclared } from './golden.ts';

for (const name of goldenNames()) {
  try {
    const golden = renderGolden(name);
    writeFileSync(objectsFile(name), written(golden.objects));
    writeFileSync(declaredFile(name), writtenDeclared(golden));
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
