/**
 * The past of a run for somebody who starts to watch late: frames evenly spaced over the whole run, in
 * bounded memory. When the store is full every second frame is let go and from then on only every second
 * frame is kept, so that after any number of frames between half and all of the store is in use.
 */
export class FrameHistory<Frame = Uint8Array> {
  private readonly framesMax: number;
  private frames: Frame[] = [];
  private offered = 0;
  private stride = 1;

  /** @param framesMax most frames kept, at least 2 */
  constructor(framesMax: number) {
    this.framesMax = Math.max(2, Math.floor(framesMax));
  }

  /** Offers the next frame; it is encoded only if it is kept. */
  offer(encode: () => Frame): void {
    const index = this.offered++;
    if (index % this.stride !== 0) return;
    if (this.frames.length === this.framesMax) {
      this.frames = this.frames.filter((_, k) => k % 2 === 0);
      this.stride *= 2;
      if (index % this.stride !== 0) return;
    }
    this.frames.push(encode());
  }

  /** Kept frames, oldest first. */
  get kept(): readonly Frame[] {
    return this.frames;
  }
}
