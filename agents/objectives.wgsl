// What selfUpdate.ts and rewardGenome.ts tell other phases: whether a population has a reward, whose genes are on trial.

/** What blockBase holds for newcomers. */
const NO_BASE = -0x7fffffff - 1;

/** Whether an agent acts by the new genes now. */
fn usesNewGenes(stage: u32) -> bool {
  return stage == TRIAL_newFirst || stage == TRIAL_newSecond;
}

fn isUnrewarded(population: u32) -> bool {
  let kind = parameterOf(PARAMETER_populations_reward, population);
  return kind == CHOICE_reward_zero || kind == CHOICE_reward_randomReward;
}

/** Exchanges the reward genes in use with those kept aside. */
fn exchangeGenes(agent: u32) {
  for (var k = 0u; k < GENE_gamma; k++) {
    let at = k * SLOTS + agent;
    let aside = load(AGENT_trialGenes, at);
    store(AGENT_trialGenes, at, load(AGENT_genes, at));
    store(AGENT_genes, at, aside);
  }
}
