/**
 * Writes every shader x.wgsl as x.wgsl.generated.ts, which carries its text, so that Node, bundlers and browsers load it
 * the same way as the kernels. A file whose text is unchanged is left alone; one whose shader is gone is removed.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const FOLDERS = ['sim', 'market', 'agents'];
const SUFFIX = '.generated.ts';

for (const folder of FOLDERS)
  for (const entry of readdirSync(folder, { recursive: true })) {
    const path = join(folder, String(entry));
    if (path.endsWith(`.wgsl${SUFFIX}`) && !existsSync(path.slice(0, -SUFFIX.length))) rmSync(path);
    if (!path.endsWith('.wgsl')) continue;
    const text = readFileSync(path, 'utf8');
    const generated = `/** The text of ${path}. */\nexport const SHADER = ${JSON.stringify(text)};\n`;
    const target = path + SUFFIX;
    if (existsSync(target) && readFileSync(target, 'utf8') === generated) continue;
    writeFileSync(target, generated);
    process.stderr.write(`${target}\n`);
  }
