// AssemblyScript: brings columns into the cache. Loads whose result is dropped are kept by both compilers, since a load
// may trap; those of one iteration do not wait for each other, as loads of a phase do for what it makes of them.

const LINE: usize = 64; // bytes of a cache line

/** Touches every line of bytes from..to-1. */
export function fetchLines(from: usize, to: usize): void {
  let p = from;
  for (; p + 4 * LINE <= to; p += 4 * LINE) {
    load<u32>(p);
    load<u32>(p, LINE);
    load<u32>(p, 2 * LINE);
    load<u32>(p, 3 * LINE);
  }
  for (; p < to; p += LINE) load<u32>(p);
}
