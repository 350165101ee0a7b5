import type { World } from './world.ts';
/** A hook that corrupts a world once. */
export function faultHook(_name: string): (world: World, phase: string) => void {
  return () => {};
}
