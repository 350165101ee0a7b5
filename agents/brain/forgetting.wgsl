// Twin of resetLearning in brain.ts, for agents whose DEVICE_forgets is set: traces and moments of rewards.

fn resetLearning(agent: u32, brain: u32, lane: u32) {
  // all threads read the flag before the first of them clears it
  let forgets = load(DEVICE_forgets, agent);
  workgroupBarrier();
  if (forgets == 0u) {
    return;
  }
  for (var k = lane; k < WEIGHT_STRIDE; k += BRAIN_THREADS) {
    traces[brain * WEIGHT_STRIDE + k] = 0.0;
  }
  if (lane < HEAD_COUNT) {
    storeF32(BRAIN_traceEnvelope, agent * HEAD_COUNT + lane, 0.0);
  }
  if (lane == 0u) {
    storeF32(BRAIN_rewardMean, agent, 0.0);
    storeF32(BRAIN_rewardCount, agent, 0.0);
    storeF32(BRAIN_rewardVariance, agent, 1.0);
    store(DEVICE_forgets, agent, 0u);
  }
}
