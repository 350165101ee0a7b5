/** Fuzzes what reads Parquet: the tables of a run directory as the page, a replay and a resumed run ask for them, and series. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTableQuery } from '../../viz/dataApi.ts';
import { partProblem } from '../partCheck.ts';
import { readColumn } from '../recordedSeries.ts';
import { RecordedJournal } from '../replay/recordedJournal.ts';
import { DirectoryCatalog } from '../runCatalog.ts';
import { partName } from '../tablePart.ts';
import { type FuzzDraws, mutateBytes } from './mutation.ts';
import { SEED_TICK, writeSeedRun } from './seedRun.ts';
import type { FuzzInput, FuzzTarget } from './target.ts';

const TABLES = ['metrics', 'agents', 'lineage', 'journal'] as const;
type Table = (typeof TABLES)[number];
const SERIES = 'series.parquet';
/** Length of the footer (u32) and the magic after it. */
const TAIL_BYTES = 8;

/** Mutates the footer, which says what everything else means, or any bytes. */
function changed(bytes: Uint8Array, draws: FuzzDraws): Uint8Array {
  const footer = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - TAIL_BYTES, true);
  const from = bytes.length - TAIL_BYTES - footer;
  if (draws.below(3) === 0) return mutateBytes(bytes, draws);
  const inFooter = draws.below(2) === 0;
  const part = mutateBytes(inFooter ? bytes.subarray(from, from + footer) : bytes.subarray(4, from), draws);
  const whole = inFooter
    ? new Uint8Array([...bytes.subarray(0, from), ...part, ...bytes.subarray(from + footer)])
    : new Uint8Array([...bytes.subarray(0, 4), ...part, ...bytes.subarray(from)]);
  // a footer that says its own length is read further
  if (inFooter && draws.below(4) > 0)
    new DataView(whole.buffer).setUint32(whole.length - TAIL_BYTES, part.length, true);
  return whole;
}

class Parquet implements FuzzTarget {
  readonly toPeople = true;
  private readonly saved: string;
  private readonly catalog: DirectoryCatalog;
  private readonly series: string;
  private readonly files: ReadonlyMap<string, Uint8Array>;

  constructor(folder: string, saved: string) {
    this.saved = saved;
    this.catalog = new DirectoryCatalog(folder);
    this.series = join(folder, SERIES);
    const parts = TABLES.map((table) => join(table, partName(0)));
    this.files = new Map(parts.map((part) => [part, new Uint8Array(readFileSync(join(saved, part)))]));
  }

  make(draws: FuzzDraws): FuzzInput {
    const [part, bytes] = draws.from([...this.files]);
    const what = draws.below(5) === 0 ? SERIES : part;
    return { what, bytes: changed(bytes, draws) };
  }

  async read({ what, bytes }: FuzzInput): Promise<void> {
    if (what === SERIES) {
      writeFileSync(this.series, bytes);
      await readColumn(this.series, 'tick');
      return;
    }
    const file = join(this.saved, what);
    writeFileSync(file, bytes);
    try {
      const [table] = what.split(/[\\/]/) as [Table];
      partProblem(this.saved, { [table]: 1 });
      if (table === 'metrics') await this.catalog.frames('saved', { from: 0, to: SEED_TICK });
      else if (table === 'journal') await this.readJournal();
      else await this.catalog.table('saved', parseTableQuery(table, {}));
    } finally {
      writeFileSync(file, this.files.get(what)!);
    }
  }

  async close(): Promise<void> {
    rmSync(this.series, { force: true });
  }

  private async readJournal(): Promise<void> {
    const journal = await RecordedJournal.open(this.saved, 0);
    for (let tick = 0; tick < 3; tick++) await journal.entriesOf(tick);
  }
}

export async function openParquet(folder: string): Promise<FuzzTarget> {
  const runs = join(folder, 'runs');
  mkdirSync(runs);
  return new Parquet(runs, await writeSeedRun(runs));
}
