/**
 * Writes docs/local-fields.md: what the single-machine engine does with every field of every kind that it serves.
 * With `--check` it writes nothing and exits 1 when the file is not what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fieldSupportDocument } from '@pgherd/local/field-support';

const file = resolve(dirname(fileURLToPath(import.meta.url)), '../docs/local-fields.md');
const text = fieldSupportDocument();
if (process.argv.includes('--check')) {
  let present = '';
  try {
    present = readFileSync(file, 'utf8');
  } catch {
    // Not there: differs.
  }
  if (present !== text) {
    console.error('docs/local-fields.md is out of date; run: node scripts/generate-field-support.ts');
    process.exit(1);
  }
} else {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
