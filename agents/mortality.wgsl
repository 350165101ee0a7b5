// Twin of mortality.ts. DEVICE_cause holds why each slot's agent dies this tick, DEVICE_dying who does, in slot order.

const CAUSE_none = 0u;
const CAUSE_insolvency = 1u;
const CAUSE_age = 2u;
const CAUSE_random = 3u;
const CAUSE_truncation = 4u;
const MEMORIES = 4u;

/** Fills DEVICE_cause and DEVICE_dying; returns how many die. */
fn markDying(lane: u32, tick: u32) -> u32 {
  markMortal(lane, tick);
  awaitAll();
  let atRandom = agree(lane, parameter(PARAMETER_demography_deathsPerTick));
  if (atRandom > 0u) {
    let alive = collectLiving(lane, FREE_SLOT);
    if (lane == 0u) {
      markAtRandom(tick, alive, atRandom);
    }
    awaitAll();
  }
  let ends = agree(lane, select(0u, 1u, endsGeneration(tick)));
  if (ends == 1u) {
    truncateAll(lane);
  }
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(DEVICE_scratch, i, select(0u, 1u, load(DEVICE_cause, i) != CAUSE_none));
  }
  return listMarked(lane, DEVICE_scratch, DEVICE_dying);
}

/** Marks the insolvent and those whose life is over. */
fn markMortal(lane: u32, tick: u32) {
  let hazard = parameter(PARAMETER_demography_hazard);
  let subsistence = parameterWide(PARAMETER_energy_subsistence);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    var cause = CAUSE_none;
    if (load(COLUMN_population, i) != FREE_SLOT) {
      if (load(COLUMN_insolvent, i) != 0u || lessWide(wide(load(COLUMN_wealth, i)), subsistence)) {
        cause = CAUSE_insolvency;
      } else if (hazard > 0u && draw(parameter(PARAMETER_seed), tick, i, STREAM_deathHazard) < hazard) {
        cause = CAUSE_age;
      }
    }
    store(DEVICE_cause, i, cause);
  }
}

/** Marks as many of the living as a parameter says, whoever else dies: the first places of a Fisher-Yates shuffle. */
fn markAtRandom(tick: u32, alive: u32, deaths: u32) {
  var draws = drawsAt(parameter(PARAMETER_seed), tick, WORLD_DRAW, STREAM_deathHazard);
  for (var k = 0u; k < min(deaths, alive); k++) {
    let pick = k + drawBelow(&draws, alive - k);
    let agent = load(DEVICE_living, pick);
    store(DEVICE_living, pick, load(DEVICE_living, k));
    store(DEVICE_living, k, agent);
    if (load(DEVICE_cause, agent) == CAUSE_none) {
      store(DEVICE_cause, agent, CAUSE_random);
    }
  }
}

/** Whether truncation selection takes place at the end of a tick. */
fn endsGeneration(tick: u32) -> bool {
  return parameter(PARAMETER_demography_selection) == CHOICE_selection_truncation
    && (tick + 1u) % parameter(PARAMETER_demography_generation) == 0u;
}

/** Lists the living members of a population in DEVICE_living; FREE_SLOT = of all populations. */
fn collectLiving(lane: u32, owner: u32) -> u32 {
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let population = load(COLUMN_population, i);
    let member = population != FREE_SLOT && (owner == FREE_SLOT || population == owner);
    store(DEVICE_scratch, i, select(0u, 1u, member));
  }
  return listMarked(lane, DEVICE_scratch, DEVICE_living);
}

/** Agents that a generation's end takes from a group, and parents that it gives: the share, rounded down. */
fn truncationQuota(count: u32) -> u32 {
  let share = parameterWide(PARAMETER_demography_truncationFraction);
  return mulWide(share, count).y;
}

/** Marks the poorest share of the living, of each population apart under quotas. */
fn truncateAll(lane: u32) {
  let groups = agree(lane, select(1u, COUNT_populations_kind, isOn(PARAMETER_demography_quotas)));
  let apart = agree(lane, parameter(PARAMETER_demography_quotas));
  for (var group = 0u; group < groups; group++) {
    let count = collectLiving(lane, select(FREE_SLOT, group, apart != 0u));
    let taken = takeSmallest(lane, count, agree(lane, truncationQuota(count)), false, DEVICE_chosen);
    for (var k = lane; k < taken; k += WORKGROUP) {
      let agent = load(DEVICE_chosen, k);
      if (load(DEVICE_cause, agent) == CAUSE_none) {
        store(DEVICE_cause, agent, CAUSE_truncation);
      }
    }
    awaitAll();
  }
}

/** Settles an estate and empties the slot: money to the treasury, hardware to the supplier's stock. */
fn bury(tick: u32, slot: u32) {
  let cause = load(DEVICE_cause, slot);
  abandonTrial(slot);
  settleEstate(slot);
  if (LENGTH_COLUMN_unstakeAmount > 0u) {
    store(COLUMN_unstakeAmount, slot, 0u);
    store(COLUMN_unstakeDue, slot, 0u);
  }
  bequeath(ASSET_token, BALANCE_token, slot);
  bequeath(ASSET_token, BALANCE_stake, slot);
  bequeath(ASSET_cash, BALANCE_cash, slot);
  let capacity = wide(load(COLUMN_capacity, slot));
  storeWide(COLUMN_total, TOTAL_capacity, subWide(loadWide(COLUMN_total, TOTAL_capacity), capacity));
  addToPool(wide(load(COLUMN_data, slot)));
  addTo(COLUMN_total, TOTAL_deaths, wide(1u));
  // settle has counted those that could not pay their bill
  if (cause == CAUSE_insolvency && load(COLUMN_insolvent, slot) == 0u) {
    addTo(COLUMN_total, TOTAL_insolvencies, wide(1u));
  }
  store(COLUMN_scalar, WORLD_deaths, load(COLUMN_scalar, WORLD_deaths) + 1u);
  store(COLUMN_scalar, WORLD_alive, load(COLUMN_scalar, WORLD_alive) - 1u);
  vacate(slot);
}

/** All of a balance to the treasury. */
fn bequeath(asset: u32, column: u32, slot: u32) {
  let amount = wide(load(column, slot));
  debitAgent(column, slot, amount);
  creditSystem(asset, SYSTEM_treasury, amount);
}

/** Clears all that a slot's next owner must not find. */
fn vacate(slot: u32) {
  clearPossessions(slot);
  leaveContracts(slot);
  if (LENGTH_COLUMN_epochQuality > 0u) {
    store(COLUMN_epochQuality, slot, 0u);
    store(COLUMN_yumaTenure, slot, 0u);
  }
  if (LENGTH_COLUMN_soldBefore > 0u) {
    store(COLUMN_soldBefore, slot, 0u);
  }
  if (LENGTH_COLUMN_lossCarried > 0u) {
    store(COLUMN_lossCarried, slot, 0u);
  }
  store(COLUMN_population, slot, FREE_SLOT);
  store(COLUMN_mode, slot, MODE_idle);
  store(COLUMN_computeSide, slot, SIDE_none);
  for (var k = 0u; k < CLASS_COUNT; k++) {
    store(COLUMN_skill, slot * CLASS_COUNT + k, 0u);
  }
  storeWide(AGENT_serial, slot, WIDE_ZERO);
  store(AGENT_profit, slot, 0u);
  store(AGENT_lifeReward, slot, 0u);
  store(AGENT_lifeProfit, slot, 0u);
  store(AGENT_computeFill, slot, 0u);
  store(AGENT_serviceFill, slot, 0u);
  store(AGENT_unusedCompute, slot, 0u);
  store(AGENT_scriptedLevel, slot, 0u);
  store(AGENT_scriptedAsk, slot, 0u);
  store(AGENT_transferGiven, slot, 0u);
  for (var k = 0u; k < MEMORIES; k++) {
    store(AGENT_memory, k * SLOTS + slot, 0u);
  }
  store(BRAIN_active, slot, 0u);
  store(BRAIN_reward, slot, 0u);
  for (var h = 0u; h < HEAD_COUNT; h++) {
    store(BRAIN_action, slot * HEAD_COUNT + h, 0u);
  }
}

fn clearPossessions(slot: u32) {
  store(COLUMN_capacity, slot, 0u);
  store(COLUMN_data, slot, 0u);
  store(COLUMN_reputation, slot, 0u);
  store(COLUMN_soldEma, slot, 0u);
  store(COLUMN_taskClass, slot, 0u);
  store(COLUMN_taskAsk, slot, 0u);
  store(COLUMN_computeLevel, slot, 0u);
  store(COLUMN_computeQuantity, slot, 0u);
  store(COLUMN_method, slot, 0u);
  store(COLUMN_finance, slot, 0u);
  store(COLUMN_deliver, slot, 0u);
  store(COLUMN_compute, slot, 0u);
  store(COLUMN_computeFilled, slot, 0u);
  store(COLUMN_computeAmount, slot, 0u);
  store(COLUMN_computeUsed, slot, 0u);
  store(COLUMN_tasksOffered, slot, 0u);
  store(COLUMN_tasksSold, slot, 0u);
  store(COLUMN_serviceAmount, slot, 0u);
  store(COLUMN_labelsUsed, slot, 0u);
  store(COLUMN_skillGain, slot, 0u);
  store(COLUMN_bill, slot, 0u);
  store(COLUMN_insolvent, slot, 0u);
  store(COLUMN_invested, slot, 0u);
  store(COLUMN_wealth, slot, 0u);
  store(COLUMN_wealthBefore, slot, 0u);
  store(COLUMN_inducedUnits, slot, 0u);
}

/** Clears what a dead agent's contracts of the tick left in its slot, and its standing with the court. */
fn leaveContracts(slot: u32) {
  if (LENGTH_COLUMN_registered == 0u) {
    return;
  }
  store(COLUMN_registered, slot, 0u);
  store(COLUMN_contracted, slot, 0u);
  store(COLUMN_breached, slot, 0u);
  store(COLUMN_undelivered, slot, 0u);
  store(COLUMN_stakeOpened, slot, 0u);
  store(COLUMN_stakeLocked, slot, 0u);
  store(COLUMN_slashed, slot, 0u);
  store(COLUMN_compensated, slot, 0u);
  store(COLUMN_contractCash, slot, 0u);
  store(COLUMN_contractBill, slot, 0u);
  store(COLUMN_courtBill, slot, 0u);
  store(COLUMN_debtDue, slot, 0u);
  store(COLUMN_reputationBefore, slot, 0u);
}

/** Ends a dying agent's trial: it dies with its old genes. */
fn abandonTrial(slot: u32) {
  if (LENGTH_AGENT_trialStage == 0u) {
    return;
  }
  let stage = load(AGENT_trialStage, slot);
  if (stage != TRIAL_none) {
    addTo(AGENT_trialTotal, TRIAL_TOTAL_cutShort, wide(1u));
    if (usesNewGenes(stage)) {
      exchangeGenes(slot);
    }
  }
  store(AGENT_trialStage, slot, TRIAL_none);
  store(AGENT_trialPlacebo, slot, 0u);
  storeI32(AGENT_trialScore, slot, 0);
  store(AGENT_trialFrom, slot, 0u);
  storeI32(AGENT_blockBase, slot, 0);
}
