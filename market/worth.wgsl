// Twins of what trust.ts, staking.ts and ownership.ts know of a single agent: what its work is worth, what its stake
// covers and what energy costs it.

/** 2^-32. */
const SHARE = 2.3283064365386963e-10;

fn trustIsOn() -> bool {
  return parameter(PARAMETER_trust_regime) != CHOICE_regime_off;
}

/** Worth of a task of a quality to consumers; weight, skill and reputation in 2^-32. */
fn worthAt(value: u32, skill: u32, weight: u32, reputation: u32) -> u32 {
  let worth = mulHigh(value, skill);
  return select(mulHigh(worth, U32_MAX - mulHigh(weight, U32_MAX - reputation)), worth, weight == 0u);
}

/** What a task of an agent's quality is worth to consumers, milli-token. */
fn worthToConsumers(agent: u32, value: u32, skill: u32) -> u32 {
  let weight = select(0u, parameter(PARAMETER_trust_reputationWeight), trustIsOn());
  return worthAt(value, skill, weight, load(COLUMN_reputation, agent));
}

/** Stake that an agent can put behind new promises, milli-token. */
fn freeStake(agent: u32) -> u32 {
  let stake = load(BALANCE_stake, agent);
  // without staking nobody has a withdrawal
  if (LENGTH_COLUMN_unstakeAmount == 0u) {
    return stake;
  }
  let asked = load(COLUMN_unstakeAmount, agent);
  return select(stake - asked, 0u, stake < asked);
}

/** What a machine of some capacity pays of the energy price, 2^-32 (2^32 - 1 = all of it). */
fn energyShare(capacity: u32) -> u32 {
  let scaleLog2 = parameterI32(PARAMETER_ownership_scaleLog2);
  let device = parameter(PARAMETER_ownership_device);
  if (scaleLog2 == 0 || capacity <= device) {
    return U32_MAX;
  }
  let doublings = log2Fixed(capacity) - select(log2Fixed(max(device, 1u)), 0u, device == 0u);
  // a negative product, rounded down
  let product = productOf(u32(-scaleLog2), doublings);
  let down = shiftRight(addWide(product, wide((1u << LOG2_BITS) - 1u)), LOG2_BITS).x;
  return exp2Fraction(-i32(down));
}

/** An amount of energy's cost, milli-units at the full price, at the price of an agent's own machine; rounded down. */
fn ownEnergy(agent: u32, cost: u32) -> u32 {
  if (parameterI32(PARAMETER_ownership_scaleLog2) == 0) {
    return cost;
  }
  return portion(cost, energyShare(load(COLUMN_opened, agent)));
}
