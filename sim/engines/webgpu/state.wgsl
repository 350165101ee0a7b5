// What every phase is given. A world's columns lie at constant offsets (COLUMN_*, BALANCE_*, AGENT_*, BRAIN_*, DEVICE_*)
// in its run of words of `state`, in plain order; its parameters (PARAMETER_*) in its run of `parameters`.

@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read> parameters: array<u32>;
/** Of fixed.ts: LOG2_TABLE and EXP2_TABLE. */
@group(0) @binding(2) var<storage, read> tables: array<u32>;
/**
 * Per world STATUS_WORDS: the first thing that went wrong in it (`fail`), and why it wants to be looked at (`halt`). Behind
 * all of them a word that is not 0 where any does.
 */
@group(0) @binding(3) var<storage, read_write> status: array<atomic<u32>>;
/** The tick that is being computed, worlds in these buffers, and whether ticks wait until the host has looked. */
@group(0) @binding(4) var<storage, read> control: array<u32>;

/** The world of this thread, and where its words begin. */
var<private> world: u32;
var<private> stateBase: u32;
var<private> parameterBase: u32;

fn openWorld(number: u32) {
  world = number;
  stateBase = number * WORLD_WORDS;
  parameterBase = number * PARAMETER_WORDS;
}

fn currentTick() -> u32 {
  return control[0];
}

fn worldCount() -> u32 {
  return control[1];
}

fn isHalted() -> bool {
  return control[2] != 0u;
}

fn load(column: u32, i: u32) -> u32 {
  return state[stateBase + column + i];
}

fn store(column: u32, i: u32, value: u32) {
  state[stateBase + column + i] = value;
}

fn loadI32(column: u32, i: u32) -> i32 {
  return bitcast<i32>(state[stateBase + column + i]);
}

fn storeI32(column: u32, i: u32, value: i32) {
  state[stateBase + column + i] = bitcast<u32>(value);
}

fn loadF32(column: u32, i: u32) -> f32 {
  return bitcast<f32>(state[stateBase + column + i]);
}

fn storeF32(column: u32, i: u32, value: f32) {
  state[stateBase + column + i] = bitcast<u32>(value);
}

/** Of a column whose numbers are doubles in TypeScript: integers below 2^53 in size. */
fn loadWide(column: u32, i: u32) -> U64 {
  let at = stateBase + column + 2u * i;
  return U64(state[at], state[at + 1u]);
}

fn storeWide(column: u32, i: u32, value: U64) {
  let at = stateBase + column + 2u * i;
  state[at] = value.x;
  state[at + 1u] = value.y;
}

/** Adds to one number of a wide column; no other thread may. */
fn addTo(column: u32, i: u32, value: U64) {
  storeWide(column, i, addWide(loadWide(column, i), value));
}

fn parameter(at: u32) -> u32 {
  return parameters[parameterBase + at];
}

/** Entry k of a parameter that is a list. */
fn parameterOf(at: u32, k: u32) -> u32 {
  return parameters[parameterBase + at + 2u * k];
}

fn parameterI32(at: u32) -> i32 {
  return bitcast<i32>(parameters[parameterBase + at]);
}

fn parameterF32(at: u32) -> f32 {
  return bitcast<f32>(parameters[parameterBase + at]);
}

fn parameterWide(at: u32) -> U64 {
  return U64(parameters[parameterBase + at], parameters[parameterBase + at + 1u]);
}

fn isOn(at: u32) -> bool {
  return parameters[parameterBase + at] != 0u;
}

/**
 * Notes that something is wrong in this world, unless something was before: a code FAIL_*, the account or agent, and what
 * was found and wanted. The host reads it after the ticks that are under way and ends the run.
 */
fn fail(code: u32, account: u32, found: U64, wanted: U64) {
  let at = world * STATUS_WORDS;
  if (atomicExchange(&status[at + STATUS_CLAIM], 1u) != 0u) {
    return;
  }
  atomicStore(&status[at], code);
  atomicStore(&status[at + 1u], control[0]);
  atomicStore(&status[at + 2u], account);
  atomicStore(&status[at + 3u], found.x);
  atomicStore(&status[at + 4u], found.y);
  atomicStore(&status[at + 5u], wanted.x);
  atomicStore(&status[at + 6u], wanted.y);
}

/** Asks the host to look at this world when the tick is over: bits of reasons. No phase runs until it has. */
fn halt(reasons: u32) {
  atomicOr(&status[world * STATUS_WORDS + STATUS_HALT], reasons);
  atomicStore(&status[worldCount() * STATUS_WORDS], 1u);
}
