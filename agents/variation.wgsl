// Twin of variation.ts, for a genome in private memory.

const HIDDEN_GENE_BOUND = 4.0;

/** Scales w and v of a genome to norm 1; a genome of zeros stays zero. */
fn normalise(genome: ptr<function, array<f32, GENE_COUNT>>) {
  var squares = 0.0;
  for (var k = 0u; k < UNIT_NORM_GENES; k++) {
    squares += (*genome)[k] * (*genome)[k];
  }
  if (squares == 0.0) {
    return;
  }
  let scale = 1.0 / sqrt(squares);
  for (var k = 0u; k < UNIT_NORM_GENES; k++) {
    (*genome)[k] *= scale;
  }
}

/** Mutates the reward genes of a genome by sigma x N(0, 1), then w and v back to unit norm; for a rewarded population. */
fn mutateReward(genome: ptr<function, array<f32, GENE_COUNT>>, hidden: bool, sigma: f32, draws: ptr<function, DrawSequence>) {
  let unitNorm = select(FEATURE_COUNT, UNIT_NORM_GENES, hidden);
  for (var k = 0u; k < unitNorm; k++) {
    (*genome)[k] += sigma * drawNormal(draws);
  }
  normalise(genome);
  if (!hidden) {
    return;
  }
  for (var k = GENE_hidden; k < GENE_gamma; k++) {
    (*genome)[k] = clamp((*genome)[k] + sigma * drawNormal(draws), -HIDDEN_GENE_BOUND, HIDDEN_GENE_BOUND);
  }
}
