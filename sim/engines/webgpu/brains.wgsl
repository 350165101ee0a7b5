// What passes over brains are given beside state.wgsl: a run of agents, of neighbouring worlds or part of one, whose
// weights and traces lie in these buffers, WEIGHT_STRIDE words an agent in plain order.

struct BrainShard {
  /** Agents of the batch before the first of these, and how many these are. */
  first: u32,
  count: u32,
}

@group(1) @binding(0) var<storage, read_write> weights: array<f32>;
@group(1) @binding(1) var<storage, read_write> traces: array<f32>;
@group(1) @binding(2) var<uniform> shard: BrainShard;
