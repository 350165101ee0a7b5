import type { World } from '../world.ts';
export function startCensus(_world: World): void {}
export function priceEquationOf(_world: World): Record<string, number> {
  return {};
}
