// Twin of selfUpdate.ts. One workgroup a world, a thread for every WORKGROUP-th agent; blocks of trials close together.

/** Option of the objective head that starts a trial. */
const REVISE = 1u;

var<workgroup> trialCount: array<atomic<u32>, LENGTH_AGENT_trialTotal>;

/** log2 of wealth in 2^-16, 0 counted as 1 milli-cash. */
fn log2Wealth(wealth: u32) -> i32 {
  return i32(log2OrZero(wealth));
}

/** Counts something of the world's trials. */
fn countTrial(total: u32) {
  atomicAdd(&trialCount[total], 1u);
}

/** Starts trials that agents chose, and at the close of a block measures it, moves trials on and decides complete ones. */
fn reviseObjectives(lane: u32) {
  if (lane < LENGTH_AGENT_trialTotal) {
    atomicStore(&trialCount[lane], 0u);
  }
  workgroupBarrier();
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (load(COLUMN_population, i) != FREE_SLOT) {
      takeOutGift(i);
      startTrial(i);
    }
  }
  // every world of a run has the same clock, but a parameter of its own
  let closes = agree(lane, select(0u, 1u, (currentTick() + 1u) % parameter(PARAMETER_objectives_trialBlock) == 0u));
  if (closes == 1u) {
    closeBlock(lane);
  }
  workgroupBarrier();
  if (lane < LENGTH_AGENT_trialTotal) {
    addTo(AGENT_trialTotal, lane, wide(atomicLoad(&trialCount[lane])));
  }
}

/** Lowers the base of a parent by what it gave in the tick before: a gift is no failure of the genes on trial. */
fn takeOutGift(agent: u32) {
  let given = load(AGENT_transferGiven, agent);
  let base = loadI32(AGENT_blockBase, agent);
  if (given == 0u || base == NO_BASE) {
    return;
  }
  let before = load(COLUMN_wealthBefore, agent);
  let whole = saturate(addWide(wide(before), wide(given)));
  storeI32(AGENT_blockBase, agent, base + log2Wealth(before) - log2Wealth(whole));
}

/** Draws new genes for an agent that chose to revise and may. */
fn startTrial(agent: u32) {
  let tick = currentTick();
  let chooses = load(BRAIN_action, agent * HEAD_COUNT + HEAD_objective) == REVISE
    && load(BRAIN_active, agent) != 0u
    && load(AGENT_trialStage, agent) == TRIAL_none
    && tick >= load(AGENT_trialFrom, agent);
  let population = load(COLUMN_population, agent);
  if (!chooses || parameterOf(PARAMETER_populations_revises, population) == 0u || isUnrewarded(population)) {
    return;
  }
  for (var k = 0u; k < GENE_COUNT; k++) {
    store(AGENT_trialGenes, k * SLOTS + agent, load(AGENT_genes, k * SLOTS + agent));
  }
  var draws = drawsAt(parameter(PARAMETER_seed), tick, agent, STREAM_selfUpdate);
  let placebo = drawWord(&draws) < parameter(PARAMETER_objectives_placebo);
  if (!placebo) {
    takeUp(AGENT_trialGenes, agent, SLOTS);
    mutate(population, false, &draws);
  }
  store(AGENT_trialPlacebo, agent, select(0u, 1u, placebo));
  store(AGENT_trialStage, agent, TRIAL_waiting);
  countTrial(TRIAL_TOTAL_started);
}

/** Growth of an agent over the block that closes, log2 in 2^-16. */
fn growthOf(agent: u32) -> i32 {
  return log2Wealth(load(COLUMN_wealth, agent)) - loadI32(AGENT_blockBase, agent);
}

/** Whether an agent lived through the block. */
fn livedThrough(agent: u32) -> bool {
  return load(COLUMN_population, agent) != FREE_SLOT && loadI32(AGENT_blockBase, agent) != NO_BASE;
}

/** A growth as a number that ranks as it does. */
fn rankOf(growth: i32) -> u32 {
  return bitcast<u32>(growth) ^ 0x80000000u;
}

/** The lower median growth of all who lived through the block; 0 when nobody did. */
fn medianGrowth(lane: u32) -> i32 {
  var before = 0u;
  for (var first = 0u; first < SLOTS; first += WORKGROUP) {
    let i = first + lane;
    let counts = i < SLOTS && livedThrough(i);
    let scan = scanOf(lane, wide(select(0u, 1u, counts)));
    if (counts) {
      store(DEVICE_scratch, before + scan.before.x, rankOf(growthOf(i)));
    }
    before += scan.total.x;
  }
  awaitAll();
  let count = agree(lane, before);
  if (count == 0u) {
    return 0;
  }
  return bitcast<i32>(kthSmallest(lane, DEVICE_scratch, count, (count - 1u) >> 1u) ^ 0x80000000u);
}

fn closeBlock(lane: u32) {
  let median = medianGrowth(lane);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (load(COLUMN_population, i) == FREE_SLOT) {
      continue;
    }
    let stage = load(AGENT_trialStage, i);
    if (stage > TRIAL_waiting) {
      let excess = growthOf(i) - median;
      storeI32(AGENT_trialScore, i, loadI32(AGENT_trialScore, i) + select(-excess, excess, usesNewGenes(stage)));
    }
    if (stage != TRIAL_none) {
      moveOn(i, stage);
    }
    storeI32(AGENT_blockBase, i, log2Wealth(load(COLUMN_wealth, i)));
  }
}

/** Opens the next block of an agent's trial, or decides it. */
fn moveOn(agent: u32, stage: u32) {
  if (stage == TRIAL_oldSecond) {
    let placebo = load(AGENT_trialPlacebo, agent) != 0u;
    if (loadI32(AGENT_trialScore, agent) > 0) {
      countTrial(select(TRIAL_TOTAL_accepted, TRIAL_TOTAL_placeboAccepted, placebo));
      exchangeGenes(agent);
      store(DEVICE_forgets, agent, 1u);
    } else {
      countTrial(select(TRIAL_TOTAL_kept, TRIAL_TOTAL_placeboKept, placebo));
    }
    store(AGENT_trialStage, agent, TRIAL_none);
    storeI32(AGENT_trialScore, agent, 0);
    let cooldown = parameterWide(PARAMETER_objectives_cooldown);
    store(AGENT_trialFrom, agent, saturate(addWide(cooldown, wide(currentTick() + 1u))));
    return;
  }
  store(AGENT_trialStage, agent, stage + 1u);
  if (stage == TRIAL_oldFirst || stage == TRIAL_newSecond) {
    exchangeGenes(agent);
  }
  store(DEVICE_forgets, agent, 1u);
}
