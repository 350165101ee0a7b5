// Twin of reproduction.ts: all threads of a world find who may have children, one of them lets parents pay.

/** Opens slots, holds one lottery for all of them (or one for each population under quotas), stages children. */
fn drawParents(lane: u32, tick: u32, dying: u32) {
  let quotas = agree(lane, parameter(PARAMETER_demography_quotas));
  let groups = select(1u, COUNT_populations_kind, quotas != 0u);
  let limit = agree(lane, parameter(PARAMETER_demography_birthsPerTick));
  let truncates = agree(lane, select(0u, 1u, parameter(PARAMETER_demography_selection) == CHOICE_selection_truncation));
  let ends = agree(lane, select(0u, 1u, endsGeneration(tick)));
  let most = select(limit, SLOTS, limit == 0u);
  for (var group = 0u; group < groups; group++) {
    let room = most - agree(lane, load(DEVICE_lives, LIVES_staged));
    if (room == 0u) {
      break;
    }
    let owner = select(FREE_SLOT, group, quotas != 0u);
    let births = min(room, openSlots(lane, owner, dying, tick));
    if (births == 0u) {
      continue;
    }
    var parents = 0u;
    if (truncates == 0u) {
      let candidates = findEligible(lane, owner);
      if (candidates > 0u) {
        parents = holdLottery(lane, tick, group, candidates, births);
      }
      if (lane == 0u) {
        stageChildren(tick, group, parents, candidates, births, false);
      }
    } else if (ends == 1u) {
      parents = chooseRichest(lane, owner);
      if (lane == 0u) {
        stageChildren(tick, group, parents, parents, births, true);
      }
    }
    awaitAll();
  }
}

/** Lists slots that children may take in DEVICE_open; slots of this tick's dead count only where deaths are a parameter. */
fn openSlots(lane: u32, owner: u32, dying: u32, tick: u32) -> u32 {
  let reuse = dying > 0u && (parameter(PARAMETER_demography_deathsPerTick) > 0u || endsGeneration(tick));
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let empty = load(COLUMN_population, i) == FREE_SLOT || (reuse && load(DEVICE_cause, i) != CAUSE_none);
    let own = owner == FREE_SLOT || load(AGENT_slotPopulation, i) == owner;
    store(DEVICE_scratch, i, select(0u, 1u, empty && own));
  }
  return listMarked(lane, DEVICE_scratch, DEVICE_open);
}

/** Truncation selection: lists the richest share of a group that stay in DEVICE_eligible. */
fn chooseRichest(lane: u32, owner: u32) -> u32 {
  let count = collectLiving(lane, owner);
  let quota = agree(lane, truncationQuota(count));
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let population = load(COLUMN_population, i);
    let member = population != FREE_SLOT && (owner == FREE_SLOT || population == owner);
    store(DEVICE_scratch, i, select(0u, 1u, member && load(DEVICE_cause, i) == CAUSE_none));
  }
  let staying = listMarked(lane, DEVICE_scratch, DEVICE_living);
  return takeSmallest(lane, staying, quota, true, DEVICE_eligible);
}

/**
 * Lets those chosen pay for their children, by one thread: each in turn, or, where the richest fill a generation, round
 * and round from one drawn at random on, until the slots are taken or nobody can pay.
 */
fn stageChildren(tick: u32, group: u32, parents: u32, candidates: u32, births: u32, richest: bool) {
  if (parents == 0u) {
    return;
  }
  var first = 0u;
  if (richest) {
    first = indexBelow(draw(parameter(PARAMETER_seed), tick, WORLD_DRAW - group, STREAM_birthLottery), parents);
  }
  let price = load(DEVICE_lives, LIVES_price);
  let before = load(DEVICE_lives, LIVES_staged);
  var born = 0u;
  var refused = 0u;
  for (var turn = first; born < births && (richest || turn < parents) && refused < parents; turn++) {
    var candidate = turn % parents;
    if (!richest) {
      candidate = load(DEVICE_chosen, turn);
    }
    let parent = load(DEVICE_eligible, candidate);
    // an earlier child may have taken what this one would need
    if (!canReproduce(parent, price, !richest)) {
      refused += select(0u, 1u, richest);
      continue;
    }
    stageChild(tick, parent, load(DEVICE_open, born), candidates);
    refused = 0u;
    born++;
  }
}

/** Lists in DEVICE_eligible who can reproduce, of one population or of all (FREE_SLOT). */
fn findEligible(lane: u32, owner: u32) -> u32 {
  let price = load(DEVICE_lives, LIVES_price);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let population = load(COLUMN_population, i);
    let member = population != FREE_SLOT && (owner == FREE_SLOT || population == owner);
    store(DEVICE_scratch, i, select(0u, 1u, member && canReproduce(i, price, true)));
  }
  return listMarked(lane, DEVICE_scratch, DEVICE_eligible);
}

/** Whether an agent's free money buys the kit and the least endowment, and, where it is asked, its wealth passes its threshold. */
fn canReproduce(agent: u32, price: u32, asked: bool) -> bool {
  if (!isOn(PARAMETER_demography_parentPays)) {
    return true;
  }
  let kit = kitPrice();
  let wanted = addWide(wide(load(AGENT_thresholdGene, agent)), kit);
  if (load(COLUMN_insolvent, agent) != 0u || (asked && lessWide(wide(load(COLUMN_wealth, agent)), wanted))) {
    return false;
  }
  let money = addWide(wide(load(BALANCE_cash, agent)), tokenToCash(wide(load(BALANCE_token, agent)), price));
  let slack = 2u * ((price >> TOKEN_PRICE_BITS) + select(0u, 1u, (price & 0xffffu) != 0u)) + 4u;
  let needed = addWide(addWide(kit, parameterWide(PARAMETER_demography_endowmentFloor)), wide(slack));
  return !lessWide(money, needed);
}

/** Chooses parents among the eligible; their places come to stand in DEVICE_chosen. */
fn holdLottery(lane: u32, tick: u32, group: u32, candidates: u32, births: u32) -> u32 {
  let systematic = agree(lane, select(0u, 1u, parameter(PARAMETER_demography_sampling) == CHOICE_sampling_systematic));
  let lottery = agree(lane, parameter(PARAMETER_demography_lottery));
  if (lottery == CHOICE_lottery_wealth) {
    // with replacement a parent may have many children, and nothing caps its weight
    wealthWeights(lane, candidates, select(1u, births, systematic == 1u));
  } else {
    let unit = fitnessUnit(candidates);
    for (var k = lane; k < candidates; k += WORKGROUP) {
      var weight = 1u;
      if (lottery == CHOICE_lottery_fitness) {
        weight = fitnessWeight(load(COLUMN_population, load(DEVICE_eligible, k)), unit);
      }
      store(DEVICE_weights, k, weight);
    }
    awaitAll();
  }
  var draws = drawsAt(parameter(PARAMETER_seed), tick, WORLD_DRAW - group, STREAM_birthLottery);
  var parents = 0u;
  if (systematic == 1u) {
    parents = systematicSample(lane, candidates, births, drawWord(&draws));
  }
  if (lane == 0u && systematic == 0u) {
    parents = multinomialSample(candidates, births, &draws);
  }
  return parents;
}

/** The weight of a fitness of 1: the fittest population's candidates have as much as 32 bits allow. */
fn fitnessUnit(candidates: u32) -> Double {
  var fittest = WIDE_ZERO;
  for (var k = 0u; k < COUNT_populations_fitness; k++) {
    // doubles from 0 on are in the order of their bits
    fittest = maxWide(fittest, parameterWide(PARAMETER_populations_fitness + 2u * k));
  }
  if (isZero(fittest)) {
    return doubleOf(WIDE_ZERO);
  }
  let each = quotientOfDoubles(doubleOfWord(U32_MAX, 0), doubleOfWord(candidates, 0));
  return quotientOfDoubles(each, doubleOf(fittest));
}

/** A candidate's weight in proportion to the fitness of its population. */
fn fitnessWeight(population: u32, unit: Double) -> u32 {
  let fitness = doubleOf(parameterWide(PARAMETER_populations_fitness + 2u * population));
  return floorOfDouble(productOfDoubles(fitness, unit)).x;
}
