/**
 * The library's public face.
 *
 * ```ts
 * import { createSimulation, parseConfig } from 'darwin-market';
 * const simulation = createSimulation(parseConfig('ticks: 1000'));
 * for await (const frame of simulation) console.log(frame.tick, frame.worlds[0]?.metrics);
 * console.log(await simulation.finalHash());
 * ```
 */

export { chooseOption } from '../agents/actions.ts';
export { HEAD, HEADS } from '../agents/brain/layout.ts';
export { type AgentWorld, type Founders, REWARD_FEATURES } from '../agents/columns.ts';
export type { DiscreteStates, Environment, EnvironmentFactory } from '../agents/environments/environment.ts';
export { registerEnvironment } from '../agents/environments/registry.ts';
export type { FoundersByArm } from '../agents/founders.ts';
export { OBSERVATIONS, type ObservationFeature } from '../agents/observation.ts';
export { type FeatureValue, type OwnFeature, registerRewardFeature } from '../agents/ownFeatures.ts';
export { type Decide, registerPopulation } from '../agents/populations.ts';
export { type ResolvedRun, worldParameters } from '../configs/arms.ts';
export { parseSet } from '../configs/overrides.ts';
export { parseConfig } from '../configs/parse.ts';
export { BUILT_IN, extendRegistry, type Registry } from '../configs/registry.ts';
export { buildSchema, type RunConfig } from '../configs/schema.ts';
export type { WorldParameters } from '../configs/worldParameters.ts';
export type { RestoreOptions } from './checkpoint.ts';
export * from './core/errors.ts';
export type { Engine, EnginePlan } from './engine.ts';
export { poolFounders, readFounders } from './founders.ts';
export type { LawStatus, RecordBatch, RunFrame, WorldFrame } from './frame.ts';
export { LAWS } from './invariants.ts';
export { type MetricValue, registerMetric } from './metrics/ownMetrics.ts';
export { METRIC_INDEX, METRICS, POPULATION_METRIC_INDEX, POPULATION_METRICS } from './metrics/table.ts';
export { type Advance, createSimulation, type Simulation } from './run.ts';
export { Shard, type ShardHandle, type ShardOptions } from './shard.ts';
export { combineHashes, stateHash } from './stateHash.ts';
export { TABLES, TABLES_VERSION } from './tables.ts';
export type { World } from './world.ts';
