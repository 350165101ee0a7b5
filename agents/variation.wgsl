// Twin of variation.ts. A thread works on one genome at a time, the one at hand, wherever its genes stand.

const HIDDEN_GENE_BOUND = 4.0;
const GAMMA_STEP = 0.1;
const SIGMA_MIN = 1e-4;
const SIGMA_MAX = 1.0;
const THRESHOLD_MAX = 0x7fffffffu;
const ENDOWMENT_MIN = 0x10000000u;
const ENDOWMENT_MAX = 0xf0000000u;
const THRESHOLD_STEP_SHIFT = 7u;
const ENDOWMENT_STEP = 0x2000000u;
const STEP_WORDS = 5u;
const STEP_MEAN = 64;
const RANDOM_BITS = 24u;
const LOW_BITS = 8u;

/** Gene k of the genome at hand stands at genomeAt + k x genomeStride of a column. */
var<private> genomeColumn: u32;
var<private> genomeAt: u32;
var<private> genomeStride: u32;

/** Takes up a genome. */
fn takeUp(column: u32, at: u32, stride: u32) {
  genomeColumn = column;
  genomeAt = at;
  genomeStride = stride;
}

fn geneOf(k: u32) -> f32 {
  return loadF32(genomeColumn, genomeAt + k * genomeStride);
}

fn setGene(k: u32, value: f32) {
  storeF32(genomeColumn, genomeAt + k * genomeStride, value);
}

/** Scales w and v to norm 1; a genome of zeros stays zero. */
fn normalise() {
  var squares = 0.0;
  for (var k = 0u; k < UNIT_NORM_GENES; k++) {
    squares += geneOf(k) * geneOf(k);
  }
  if (squares == 0.0) {
    return;
  }
  let scale = 1.0 / sqrt(squares);
  for (var k = 0u; k < UNIT_NORM_GENES; k++) {
    setGene(k, geneOf(k) * scale);
  }
}

/**
 * Mutates reward genes by sigma x N(0, 1), then w and v back to unit norm; where `all`, sigma itself before them and the
 * learner's genes behind them. One loop draws for all genes in the order of the CPU, which is theirs but for sigma.
 */
fn mutate(population: u32, all: bool, draws: ptr<function, DrawSequence>) {
  let unrewarded = isUnrewarded(population);
  let hidden = !unrewarded && parameterOf(PARAMETER_populations_rewardHidden, population) != 0u;
  let count = FEATURE_COUNT + select(0u, REWARD_HIDDEN * (1u + FEATURE_COUNT), hidden);
  var sigma = geneOf(GENE_sigma);
  // step 0 is sigma, step k gene k - 1
  for (var step = select(1u, 0u, all); step <= select(GENE_gamma, GENE_sigma, all); step++) {
    let k = step - 1u;
    let unused = step > 0u && k < GENE_gamma && (unrewarded || (k >= FEATURE_COUNT && !hidden));
    if (unused) {
      continue;
    }
    let z = drawNormal(draws);
    let factor = expF32(select(sigma * z, z / sqrt(f32(count)), step == 0u));
    if (step == 0u) {
      sigma = clamp(sigma * factor, SIGMA_MIN, SIGMA_MAX);
      setGene(GENE_sigma, sigma);
      continue;
    }
    let gene = geneOf(k);
    var mutated = gene + sigma * z;
    if (k >= GENE_hidden && k < GENE_gamma) {
      mutated = clamp(mutated, -HIDDEN_GENE_BOUND, HIDDEN_GENE_BOUND);
    } else if (k == GENE_gamma) {
      mutated = clamp(gene + GAMMA_STEP * sigma * z, 0.0, 0.9999);
    } else if (k == GENE_lambda) {
      mutated = clamp(mutated, 0.0, 1.0);
    } else if (k == GENE_tau) {
      mutated = clamp(gene * factor, 0.0, 10.0);
    } else if (k == GENE_logKappa) {
      mutated = clamp(mutated, 0.0, 4.605170185988092);
    }
    setGene(k, mutated);
  }
  if (!unrewarded) {
    normalise();
  }
}

/** Uniform crossover: each gene is replaced by the second parent's with probability 1/2, then back to unit norm. */
fn crossOver(column: u32, second: u32, draws: ptr<function, DrawSequence>) {
  var bits = 0u;
  for (var k = 0u; k < GENE_COUNT; k++) {
    if (k % RANDOM_BITS == 0u) {
      bits = drawWord(draws) >> LOW_BITS;
    }
    if (((bits >> (k % RANDOM_BITS)) & 1u) == 1u) {
      setGene(k, loadF32(column, k * SLOTS + second));
    }
  }
  normalise();
}

/** popcount(128 random bits) - 64. */
fn binomialStep(draws: ptr<function, DrawSequence>) -> i32 {
  var count = -STEP_MEAN;
  for (var k = 0u; k <= STEP_WORDS; k++) {
    count += i32(countOneBits(drawWord(draws) >> select(LOW_BITS, RANDOM_BITS, k == STEP_WORDS)));
  }
  return count;
}

/** gene + step x unit within 0..2^32 - 1, without wrapping. */
fn stepped(gene: u32, unit: u32, step: i32) -> u32 {
  let size = unit * u32(abs(step));
  if (step < 0) {
    return select(gene - size, 0u, gene < size);
  }
  return select(gene + size, U32_MAX, gene > U32_MAX - size);
}

/** A child's reproduction threshold, milli-cash. */
fn mutateThreshold(gene: u32, draws: ptr<function, DrawSequence>) -> u32 {
  let unit = max(1u, gene >> THRESHOLD_STEP_SHIFT);
  return min(THRESHOLD_MAX, stepped(gene, unit, binomialStep(draws)));
}

/** A child's endowment share, 2^-32. */
fn mutateEndowment(gene: u32, draws: ptr<function, DrawSequence>) -> u32 {
  return clamp(stepped(gene, ENDOWMENT_STEP, binomialStep(draws)), ENDOWMENT_MIN, ENDOWMENT_MAX);
}
