/** Uniswap v2 as it was published: bytecode out of its npm packages, which are GPL and optional. */
import { createRequire } from 'node:module';
import { EnvironmentError } from '../../sim/core/errors.ts';

export interface Published {
  readonly abi: readonly unknown[];
  readonly bytecode: `0x${string}`;
}

const require = createRequire(import.meta.url);

function published(name: string): Published {
  try {
    const { abi, bytecode } = require(name) as { abi: unknown[]; bytecode: string };
    return { abi, bytecode: `0x${bytecode.replace(/^0x/, '')}` };
  } catch (cause) {
    const packageName = name.split('/').slice(0, 2).join('/');
    throw new EnvironmentError(`${packageName} is not installed`, `npm install ${packageName}`, { cause });
  }
}

/** Factory, pair and router. Throws EnvironmentError where a package is missing. */
export const uniswap = () => ({
  factory: published('@uniswap/v2-core/build/UniswapV2Factory.json'),
  pair: published('@uniswap/v2-core/build/UniswapV2Pair.json'),
  router: published('@uniswap/v2-periphery/build/UniswapV2Router02.json'),
  weth: published('@uniswap/v2-periphery/build/WETH9.json'),
});
