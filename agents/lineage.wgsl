// What lineage.ts is told of births and deaths, noted for the host: who dies before their estates are settled, who has
// come once all are in their slots.

/** Beside the causes of mortality.wgsl. */
const EVENT_birth = 5u;
const EVENT_immigration = 6u;
const LIFE_ROOM = LENGTH_DEVICE_lifeLog / LIFE_WORDS;

/** Writes record `k`, of an agent that has what it is known by; `genes` holds those that it hands down. */
fn recordLife(k: u32, tick: u32, slot: u32, event: u32, genes: u32) {
  let at = k * LIFE_WORDS;
  store(DEVICE_lifeLog, at + LIFE_tick, tick);
  store(DEVICE_lifeLog, at + LIFE_event, event);
  store(DEVICE_lifeLog, at + LIFE_slot, slot);
  store(DEVICE_lifeLog, at + LIFE_population, load(COLUMN_population, slot));
  store(DEVICE_lifeLog, at + LIFE_generation, load(AGENT_generation, slot));
  store(DEVICE_lifeLog, at + LIFE_bornAt, load(AGENT_bornAt, slot));
  store(DEVICE_lifeLog, at + LIFE_wealth, load(COLUMN_wealth, slot));
  store(DEVICE_lifeLog, at + LIFE_lifeProfit, load(AGENT_lifeProfit, slot));
  store(DEVICE_lifeLog, at + LIFE_lifeReward, load(AGENT_lifeReward, slot));
  for (var word = 0u; word < 2u; word++) {
    store(DEVICE_lifeLog, at + LIFE_serial + word, load(AGENT_serial, 2u * slot + word));
    store(DEVICE_lifeLog, at + LIFE_parent + word, load(AGENT_parent, 2u * slot + word));
    store(DEVICE_lifeLog, at + LIFE_secondParent + word, load(AGENT_secondParent, 2u * slot + word));
  }
  for (var f = 0u; f < FEATURE_COUNT; f++) {
    store(DEVICE_lifeLog, at + LIFE_genes + f, load(genes, (GENE_linear + f) * SLOTS + slot));
  }
}

/** Counts records that were written behind `before` others; asks the host to take them before a tick might not find room. */
fn countLives(before: u32, count: u32) {
  store(DEVICE_lifeCount, 0u, before + count);
  if (before + count > LIFE_SLACK) {
    halt(HALT_LIVES);
  }
}

/** Whether there is room for `count` more records, as there is unless more come and go than plan for (gathered.ts). */
fn hasRoom(before: u32, count: u32) -> bool {
  if (before + count <= LIFE_ROOM) {
    return true;
  }
  fail(FAIL_overflow, 0u, wide(before + count), wide(LIFE_ROOM));
  return false;
}

/** Those who die in this tick, in the order of their burial. */
fn recordDeaths(lane: u32) {
  let before = load(DEVICE_lifeCount, 0u);
  let dying = select(0u, load(DEVICE_lives, LIVES_dying), isOn(PARAMETER_demography_enabled));
  storageBarrier();
  if (dying == 0u || !hasRoom(before, dying)) {
    return;
  }
  for (var k = lane; k < dying; k += WORKGROUP) {
    let slot = load(DEVICE_dying, k);
    // a trial ends with its agent: it dies with its old genes
    recordLife(before + k, currentTick(), slot, load(DEVICE_cause, slot), heritableGenes(slot));
  }
  if (lane == 0u) {
    countLives(before, dying);
  }
}

/** Those who came in this tick, in the order of their serials: children, then immigrants. */
fn recordArrivals(lane: u32) {
  let before = load(DEVICE_lifeCount, 0u);
  let births = load(COLUMN_scalar, WORLD_births);
  let came = births + load(COLUMN_scalar, WORLD_immigrants);
  let next = load(COLUMN_total, 2u * TOTAL_nextSerial);
  storageBarrier();
  if (came == 0u || !hasRoom(before, came)) {
    return;
  }
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    // the total is the last serial; no world has 2^32 arrivals in a tick
    let place = came - 1u - (next - load(AGENT_serial, 2u * i));
    if (load(COLUMN_population, i) != FREE_SLOT && place < came) {
      recordLife(before + place, currentTick(), i, select(EVENT_immigration, EVENT_birth, place < births), AGENT_genes);
    }
  }
  if (lane == 0u) {
    countLives(before, came);
  }
}
