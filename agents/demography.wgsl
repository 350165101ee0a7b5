// Twin of demography.ts, in two passes: DEVICE_lives carries what the first one found to the second.

/** Marks who dies, draws parents for the open slots and lets them pay. */
fn chooseLives(lane: u32) {
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(AGENT_transferGiven, i, 0u);
  }
  if (lane == 0u) {
    store(COLUMN_scalar, WORLD_births, 0u);
    store(COLUMN_scalar, WORLD_deaths, 0u);
    store(COLUMN_scalar, WORLD_immigrants, 0u);
  }
  if (agree(lane, parameter(PARAMETER_demography_enabled)) == 0u) {
    return;
  }
  if (lane == 0u) {
    store(DEVICE_lives, LIVES_staged, 0u);
    store(DEVICE_lives, LIVES_price, tokenWorth());
  }
  awaitAll();
  let tick = currentTick();
  let dying = markDying(lane, tick);
  if (lane == 0u) {
    store(DEVICE_lives, LIVES_dying, dying);
  }
  drawParents(lane, tick, dying);
}

/** Settles estates, places the children, lets immigrants in; one thread a world, since few are born or die in a tick. */
fn settleLives(lane: u32) {
  if (lane != 0u || !isOn(PARAMETER_demography_enabled)) {
    return;
  }
  let tick = currentTick();
  for (var k = 0u; k < load(DEVICE_lives, LIVES_dying); k++) {
    bury(tick, load(DEVICE_dying, k));
  }
  for (var b = 0u; b < load(DEVICE_lives, LIVES_staged); b++) {
    place(tick, b);
  }
  immigrate(tick);
}
