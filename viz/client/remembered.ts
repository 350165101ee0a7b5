/** The last value of something costly, as long as what it was made from is the same. */
export class Remembered<T> {
  private from: readonly unknown[] = [];
  private value: T | null = null;

  /**
   * The value made from these; made again when any of them is another.
   *
   * @param make never gives null
   */
  of(from: readonly unknown[], make: () => T): T {
    const same =
      this.value !== null &&
      from.length === this.from.length &&
      from.every((part, k) => Object.is(part, this.from[k]));
    if (!same) {
      this.from = from;
      this.value = make();
    }
    return this.value!;
  }
}
