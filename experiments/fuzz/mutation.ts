/** Valid inputs made wrong: bytes, text and plain data, changed by draws of a seed. */
import { DrawSequence, indexBelow, STREAM } from '../../sim/core/rng.ts';

/** Draws of one input, the same for the same seed and number. */
export class FuzzDraws {
  private readonly sequence: DrawSequence;

  constructor(seed: number, input: number) {
    this.sequence = new DrawSequence().at(seed, input, 0, STREAM.environment);
  }

  /** A u32. */
  word(): number {
    return this.sequence.word();
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return indexBelow(this.sequence.word(), count);
  }

  from<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** 1, half as often 2, and so on up to `most`. */
  few(most: number): number {
    let count = 1;
    while (count < most && this.below(2) === 1) count++;
    return count;
  }
}

const EDGE_BYTES = [0, 1, 0x20, 0x22, 0x2d, 0x30, 0x5b, 0x7b, 0x7f, 0x80, 0xc0, 0xff];
const EDGE_WORDS = [
  0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
/** Bytes that one change inserts or repeats at most. */
const SPAN = 64;

/** Changes some bytes: bits, values, lengths, order, an end that is missing. */
export function mutateBytes(bytes: Uint8Array, draws: FuzzDraws): Uint8Array<ArrayBuffer> {
  let changed = new Uint8Array(bytes);
  for (let left = draws.few(8); left > 0; left--) changed = changeBytes(changed, draws);
  return changed;
}

function changeBytes(bytes: Uint8Array<ArrayBuffer>, draws: FuzzDraws): Uint8Array<ArrayBuffer> {
  const { length } = bytes;
  const at = draws.below(length + 1);
  const span = 1 + draws.below(SPAN);
  const spliced = (from: number, to: number, middle: Uint8Array): Uint8Array<ArrayBuffer> => {
    const whole = new Uint8Array(from + middle.length + Math.max(0, length - to));
    whole.set(bytes.subarray(0, from));
    whole.set(middle, from);
    whole.set(bytes.subarray(to), from + middle.length);
    return whole;
  };
  switch (draws.below(9)) {
    case 0:
    case 1:
      if (at < length) bytes[at]! ^= 1 << draws.below(8);
      return bytes;
    case 2:
      if (at < length) bytes[at] = draws.from(EDGE_BYTES);
      return bytes;
    case 3:
    case 4:
      if (at + 4 <= length) new DataView(bytes.buffer).setUint32(at, draws.from(EDGE_WORDS), true);
      return bytes;
    case 5:
      return spliced(at, Math.min(length, at + span), new Uint8Array(0));
    case 6:
      return spliced(at, at, bytes.slice(at, at + span));
    case 7:
      return spliced(
        at,
        at,
        Uint8Array.from({ length: span }, () => draws.below(256)),
      );
    default:
      return bytes.slice(0, at);
  }
}

/** Levels of a value that is nested deeper than anybody writes. */
const DEEP = 20_000;
/** What stands in the place of a word of a text. */
const WORDS = [
  '-1',
  '0',
  '1e999',
  '-1e308',
  '5e-324',
  '9007199254740993',
  '4294967296',
  '0x7fffffff',
  'NaN',
  '.nan',
  '.inf',
  'null',
  '~',
  'true',
  '""',
  '[]',
  '{}',
  '[null]',
  '{a: 1}',
  '"',
  "'",
  '*a',
  '&a [*a]',
  '!!binary AA==',
  '!!js/function x',
  '<<',
  '---',
  '|',
  '>-',
  '\t',
  '\u2028',
  '\ufeff',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '1_000',
  '1,000',
  '$HOME',
  '%s%n',
];

/** Changes some words and lines of a text, or some of its bytes. */
export function mutateText(text: string, draws: FuzzDraws): string {
  if (draws.below(8) === 0)
    return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), draws));
  let changed = text;
  for (let left = draws.few(6); left > 0; left--) changed = changeText(changed, draws);
  return changed;
}

function changeText(text: string, draws: FuzzDraws): string {
  const lines = text.split('\n');
  const at = draws.below(lines.length);
  switch (draws.below(10)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, lines[draws.below(lines.length)]!);
      break;
    case 2:
      lines[at] = `${' '.repeat(draws.below(5))}${lines[at]!.trimStart()}`;
      break;
    case 3:
      return text.slice(0, draws.below(text.length + 1));
    case 4: {
      const place = draws.below(text.length + 1);
      return text.slice(0, place) + draws.from(WORDS) + text.slice(place);
    }
    case 5:
      // now and then, since it is long
      if (draws.below(16) === 0) return text.replace(/[\w.]+(?=[^\w.]*$)/, nested(draws));
      return replaceWord(text, draws, draws.from(WORDS));
    case 6:
      // a word of the text elsewhere: right in itself, wrong in its place
      return replaceWord(text, draws, draws.from(text.match(/[\w.-]+/g) ?? ['']));
    default:
      return replaceWord(text, draws, draws.from(WORDS));
  }
  return lines.join('\n');
}

function replaceWord(text: string, draws: FuzzDraws, word: string): string {
  const words = [...text.matchAll(/[\w.-]+/g)];
  if (words.length === 0) return word;
  const { 0: old, index } = draws.from(words);
  return text.slice(0, index) + word + text.slice(index + old.length);
}

const nested = (draws: FuzzDraws): string => {
  const depth = draws.from([40, 500, DEEP]);
  return draws.below(2) === 0
    ? '['.repeat(depth) + ']'.repeat(depth)
    : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
};

/** What stands in the place of a value. `undefined` leaves it out. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.5,
  1,
  255,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
  '',
  '0',
  '-1',
  'NaN',
  'text',
  '0x',
  '0xff',
  '__proto__',
  '..',
  '/etc/passwd',
  'two\nlines',
  '\u001b[31m',
  'x'.repeat(5000),
  [],
  [null],
  [[]],
  [1, 'a'],
  {},
  { a: null },
  { length: 5 },
  { toString: 1, valueOf: 1, toJSON: 1 },
];

/** A copy: what is changed further must not change the next input. */
const otherValue = (draws: FuzzDraws): unknown => structuredClone(draws.from(VALUES));

type Plain = Record<string, unknown> | unknown[];
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;

/** Changes some values, keys and entries of plain data, as JSON could hold it. */
export function mutateValue(value: unknown, draws: FuzzDraws): unknown {
  let changed = structuredClone(value);
  for (let left = draws.few(5); left > 0; left--) changed = changeValue(changed, draws);
  return changed;
}

function changeValue(value: unknown, draws: FuzzDraws): unknown {
  const places: { holder: Plain; key: string }[] = [];
  const visit = (holder: unknown): void => {
    if (!isPlain(holder)) return;
    for (const [key, child] of Object.entries(holder)) {
      places.push({ holder, key });
      visit(child);
    }
  };
  visit(value);
  if (places.length === 0 || draws.below(100) === 0) return otherValue(draws);
  const { holder, key } = draws.from(places);
  const fields = holder as Record<string, unknown>;
  switch (draws.below(8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete fields[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(fields[key]));
      else fields[draws.from(['unknown', 'constructor', 'name', 'path', key.toUpperCase()])] = fields[key];
      break;
    case 2: {
      const other = draws.from(places);
      fields[key] = structuredClone((other.holder as Record<string, unknown>)[other.key]);
      break;
    }
    case 3:
      fields[key] = draws.below(2) === 0 ? [fields[key]] : { [key]: fields[key] };
      break;
    case 4:
      if (typeof fields[key] === 'number') fields[key] += draws.from([-1, 1, 0.5, 2 ** 32, -1e9]);
      else fields[key] = otherValue(draws);
      break;
    case 5:
      if (typeof fields[key] === 'string') fields[key] = mutateText(fields[key], draws);
      else fields[key] = otherValue(draws);
      break;
    default:
      fields[key] = otherValue(draws);
  }
  return value;
}
