/** Cases about institutions: what stake keeps sellers honest, and what contract is worth a suit. */
import { chooseOption } from '../../agents/actions.ts';
import { HEAD } from '../../agents/brain/layout.ts';
import type { AgentWorld } from '../../agents/columns.ts';
import { registerPopulation } from '../../agents/populations.ts';
import { restingFinance } from '../../agents/scripted/reservation.ts';
import { parseConfig } from '../../configs/parse.ts';
import { BUILT_IN, extendRegistry } from '../../configs/registry.ts';
import { DELIVER, FINANCE, MODE } from '../../market/columns.ts';
import { type Journal, REASON } from '../../market/ledger.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { MILLI } from '../../sim/core/units.ts';
import { Shard } from '../../sim/shard.ts';
import { BLANK_WORLD, meanOf, QUIET_OUTPUT, STANDARD_ERRORS, type ValidationCase } from './case.ts';

/** Richest that an agent may be at genesis, in token or cash, with room to spare. */
const ENDOWMENT = 250_000;
const CLASSES = 4;

/**
 * One-task sellers of flawless quality at a price of their own, consumers who want and can pay all of it, a token
 * worth a cash, and nothing else that costs anything: what a seller gains is what the contract brings.
 */
const contractWorld = (value: number, sellers: number) => ({
  ...BLANK_WORLD,
  hardware: { enabled: false, capacityMax: 1 },
  genesis: { token: ENDOWMENT, cash: ENDOWMENT, capacity: 1, skill: 1 },
  consumers: { cash: 1e9, token: 1e9 },
  amm: { enabled: false, token: 1, cash: 1 },
  serviceMarket: {
    enabled: true,
    demand: Math.ceil(sellers / CLASSES),
    classSpread: 0,
    value,
    cuPerTask: 1,
    maxTasks: 1,
    feeBps: 0,
  },
  policy: { wealthTaxPerTick: 0, financeStep: 0.5, unstakeDelay: 0 },
});

const SELLER = 'validationSeller';
const DEFAULTER = 'validationDefaulter';
const STAKER = 'validationStaker';
const registry = extendRegistry(BUILT_IN, { populationKinds: [SELLER, DEFAULTER, STAKER] });
const resolve = (config: object) =>
  parseConfig(JSON.stringify(config), { file: 'validation case', registry });

// --- stake-threshold ---

/** What a seller can do. */
const HONEST = 0;
const DEFAULT = 1;
const LEAVE = 2;
const PROBERS = 400;
const LEAVERS = 4;
const RESPONDERS = 8;
const SELLERS = 2 * PROBERS + LEAVERS + 2 * RESPONDERS;
const TICKS = 100;
/** Steps of a refining sweep, and doublings of the first one. */
const GRID = 8;
const DOUBLINGS = 17;

/** What the sellers of a world have lived through together: gains by what they did, milli-units. */
interface Experience {
  readonly price: number;
  readonly gains: Float64Array;
  readonly counts: Float64Array;
  /** Wealth of each seller at its last decision, and what that was. */
  readonly wealth: Float64Array;
  readonly choice: Uint8Array;
}
const experiences = new WeakMap<object, Experience>();

/** Probers always do the same. */
function fixedChoice(agent: number): number {
  if (agent < PROBERS) return HONEST;
  if (agent < 2 * PROBERS) return DEFAULT;
  return agent < 2 * PROBERS + LEAVERS ? LEAVE : NOT_FIXED;
}
const NOT_FIXED = -1;
/** Responders do what has paid best: the first group is honest or defaults, the second is honest or leaves. */
const alternativeOf = (agent: number): number => (agent < SELLERS - RESPONDERS ? DEFAULT : LEAVE);

function decideSeller(world: AgentWorld, _tick: number, agent: number): void {
  const { balances, agents } = world;
  const experience = experiences.get(world)!;
  const { gains, counts, wealth, choice, price } = experience;
  const now = balances.token[agent]! + balances.stake[agent]! + balances.cash[agent]!;
  const sold = agents.serviceFill[agent]! > 0;
  // a seller whose stake is too small for a contract has learned nothing about contracts
  if (wealth[agent]! > 0 && (sold || choice[agent] === LEAVE)) {
    gains[choice[agent]!]! += now - wealth[agent]!;
    counts[choice[agent]!]!++;
  }
  wealth[agent] = now;
  const fixed = fixedChoice(agent);
  if (fixed === NOT_FIXED) {
    const alternative = alternativeOf(agent);
    const honestPays = gains[HONEST]! / counts[HONEST]! >= gains[alternative]! / counts[alternative]!;
    choice[agent] = honestPays ? HONEST : alternative;
  } else choice[agent] = fixed;
  chooseOption(world, agent, HEAD.mode, choice[agent] === LEAVE ? MODE.idle : MODE.serve);
  chooseOption(world, agent, HEAD.class, agent % CLASSES);
  chooseOption(world, agent, HEAD.deliver, choice[agent] === DEFAULT ? DELIVER.default : DELIVER.honest);
  chooseOption(world, agent, HEAD.finance, restingFinance(world, agent));
  agents.scriptedAsk[agent] = price + 1;
}
registerPopulation(SELLER, decideSeller);

interface StakeProblem {
  readonly effort: number;
  readonly sideGain: number;
  readonly pay: number;
  readonly audit: number;
  readonly falseAlarm: number;
}

/** Share of each group of responders that is honest in the end, by stake and seed, at stakes in money units: [stake][seed]. */
function respond(problem: StakeProblem, stakes: readonly number[], seeds: number) {
  const { effort, sideGain, pay, audit, falseAlarm } = problem;
  const run = resolve({
    seed: 'stake-threshold',
    ticks: TICKS,
    worlds: seeds,
    slots: SELLERS,
    output: QUIET_OUTPUT,
    world: {
      ...contractWorld(2 * pay, SELLERS),
      trust: {
        regime: 'programmatic',
        effort,
        sideGain,
        audit,
        falseAlarm,
        auditCost: 0,
        stakePerUnit: stakes,
      },
    },
    populations: [{ name: 'sellers', kind: SELLER }],
  });
  const shard = new Shard(
    run,
    Array.from({ length: stakes.length * seeds }, (_, w) => w),
  );
  for (const world of shard.inside()) {
    experiences.set(world, {
      price: Math.round(pay * MILLI),
      gains: new Float64Array(3),
      counts: new Float64Array(3),
      wealth: new Float64Array(SELLERS),
      choice: new Uint8Array(SELLERS),
    });
  }
  shard.advance(TICKS);
  const worlds = [...shard.inside()];
  const majority = (group: number): ((seed: number, stake: number) => boolean) => {
    const first = 2 * PROBERS + LEAVERS + group * RESPONDERS;
    return (seed, stake) => {
      const { choice } = experiences.get(worlds[stake * seeds + seed]!)!;
      let honest = 0;
      for (let agent = first; agent < first + RESPONDERS; agent++) honest += choice[agent] === HONEST ? 1 : 0;
      return honest > RESPONDERS / 2;
    };
  };
  return { resistDefault: majority(0), stay: majority(1) };
}

type Edge = 'resistDefault' | 'stay';
type Responses = ReturnType<typeof respond>;

/** First stake at which responders turn, for each seed; -1 where they never do. */
const turns = (responses: Responses, edge: Edge, stakes: readonly number[], seeds: number): number[] =>
  Array.from({ length: seeds }, (_, seed) =>
    stakes.findIndex((_, k) => responses[edge](seed, k) === (edge === 'resistDefault')),
  );

/**
 * The stake at which the responders of a group turn: between the neighbours of the first sweep where the seeds turn, two
 * more sweeps. Mean over seeds, and the last step; undefined when some seed never turns.
 */
function findEdge(
  problem: StakeProblem,
  edge: Edge,
  coarse: { stakes: readonly number[]; responses: Responses },
  seeds: number,
): { stake: number; step: number } | undefined {
  let { stakes, responses } = coarse;
  for (let sweep = 0, step = 0; ; sweep++) {
    const first = turns(responses, edge, stakes, seeds);
    if (first.some((k) => k < 0)) return undefined;
    if (sweep === 2 || first.every((k) => k === 0)) {
      return { stake: meanOf(first.map((k) => stakes[k]!)).mean, step };
    }
    const low = stakes[Math.max(0, Math.min(...first) - 1)]!;
    const high = stakes[Math.max(...first)]!;
    step = (high - low) / GRID;
    stakes = Array.from({ length: GRID + 1 }, (_, k) => low + k * step);
    responses = respond(problem, stakes, seeds);
  }
}

export const stakeThreshold: ValidationCase = {
  name: 'stake-threshold',
  about:
    'Sellers who do what has paid best so far, under escrow, stakes and audits: honest from S = (c + g)/(p - f) - R on, gone above S = ((1 - f) R - c)/f.',
  parameters: {
    effort: { default: 1, about: 'effort c that a default saves' },
    sideGain: { default: 0.5, about: 'side gain g of a default' },
    pay: { default: 3, about: 'pay R of a contract' },
    audit: { default: 0.4, about: 'probability p that a default is caught' },
    falseAlarm: { default: 0.05, about: 'probability f that a delivery is taken for a default' },
  },
  seeds: 2,
  full: [
    { seeds: 6 },
    { set: { effort: '2', sideGain: '0', pay: '5', audit: '0.8', falseAlarm: '0.02' }, seeds: 4 },
    { set: { effort: '0.3', sideGain: '1.5', pay: '1', audit: '0.2', falseAlarm: '0.1' }, seeds: 4 },
  ],
  async measure(params, seeds) {
    const given: StakeProblem = {
      effort: params.number('effort'),
      sideGain: params.number('sideGain'),
      pay: params.number('pay'),
      audit: params.number('audit'),
      falseAlarm: params.number('falseAlarm'),
    };
    const { audit: p, falseAlarm: f } = given;
    if (given.pay <= 0 || given.effort < 0 || given.sideGain < 0)
      throw new UsageError("'pay' must be above 0, 'effort' and 'sideGain' at least 0");
    if (p < 0 || p > 1 || f < 0 || f > 1)
      throw new UsageError("'audit' and 'falseAlarm' are probabilities, 0 to 1");
    if (p <= f && f === 0)
      throw new UsageError(
        "without audits and false alarms ('audit' and 'falseAlarm' are 0) no stake is ever lost",
        'raise one of them',
      );
    // the engine counts in thousandths: larger numbers, finer answer, as far as an agent can be rich enough to stake
    const largest = Math.max(given.pay, given.effort, given.sideGain);
    const edges = [p > f ? (given.effort + given.sideGain) / (p - f) : 0, f > 0 ? given.pay / f : 0];
    const scale = Math.min(100 / largest, ENDOWMENT / 32 / Math.max(...edges, largest));
    const scaled = {
      ...given,
      effort: given.effort * scale,
      sideGain: given.sideGain * scale,
      pay: given.pay * scale,
    };
    const measured: Record<string, number> = {};
    const expected: Record<string, number> = {};
    const tolerance: Record<string, number> = {};
    const draws = PROBERS * TICKS * seeds;
    const unit = (scaled.pay + scaled.effort + scaled.sideGain) / 64;
    const stakes = [0, ...Array.from({ length: DOUBLINGS }, (_, k) => unit * 2 ** k)].filter(
      (stake) => stake <= ENDOWMENT / 16,
    );
    const coarse = { stakes, responses: respond(scaled, stakes, seeds) };
    const note = (name: string, edge: Edge, theory: number, error: number): void => {
      const found = findEdge(scaled, edge, coarse, seeds);
      expected[name] = Math.max(0, theory);
      if (found === undefined) return;
      measured[name] = found.stake / scale;
      // the sweep's last step, and the probabilities as the probers' luck shows them
      tolerance[name] = found.step / scale + STANDARD_ERRORS * error + 2 / MILLI / scale;
    };
    const { effort, sideGain, pay } = given;
    const variance = (probability: number): number => (probability * (1 - probability)) / draws;
    if (p > f) {
      const honestFrom = (effort + sideGain) / (p - f) - pay;
      const error = (Math.max(0, honestFrom) + pay) * (Math.sqrt(variance(p) + variance(f)) / (p - f));
      note('honestFrom', 'resistDefault', honestFrom, error);
    }
    if (f > 0) {
      const leaveFrom = ((1 - f) * pay - effort) / f;
      note('leaveFrom', 'stay', leaveFrom, (Math.max(0, leaveFrom) + pay) * (Math.sqrt(variance(f)) / f));
    }
    return { measured, expected, tolerance };
  },
};

// --- legal-threshold ---

/** Ask of the one contract of each world and the tick in which it is made. */
const contracts = new WeakMap<object, { price: number; tick: number }>();

function decideDefaulter(world: AgentWorld, tick: number, agent: number): void {
  const contract = contracts.get(world)!;
  chooseOption(world, agent, HEAD.mode, tick === contract.tick ? MODE.serve : MODE.idle);
  chooseOption(world, agent, HEAD.class, 0);
  chooseOption(world, agent, HEAD.deliver, DELIVER.default);
  chooseOption(world, agent, HEAD.finance, FINANCE.hold);
  world.agents.scriptedAsk[agent] = contract.price + 1;
}
registerPopulation(DEFAULTER, decideDefaulter);

interface LegalProblem {
  readonly cost: number;
  readonly recovery: number;
  readonly delay: number;
  readonly rate: number;
}
/** Most cohorts of claims: up to this delay, recoveries arrive to the tick. */
const COHORTS = 256;

/** Worlds in which one contract of each amount, in milli-cash, is broken. */
function breakContracts(problem: LegalProblem, amounts: readonly number[]) {
  const { cost, recovery, delay, rate } = problem;
  const run = resolve({
    seed: 'legal-threshold',
    ticks: 1_000_000_000,
    worlds: amounts.length,
    slots: 1,
    output: QUIET_OUTPUT,
    world: {
      ...contractWorld(Math.max(...amounts) / MILLI + 1, CLASSES),
      trust: {
        regime: 'legal',
        effort: 0,
        sideGain: 0,
        registrationFee: 0,
        legalCost: cost,
        recovery,
        delay,
        discountRate: rate,
        claimCohorts: COHORTS,
      },
    },
    populations: [{ name: 'defaulters', kind: DEFAULTER }],
  });
  const shard = new Shard(
    run,
    amounts.map((_, w) => w),
  );
  const worlds = [...shard.inside()];
  // so that the recovery falls due exactly after the delay even where cohorts pool ticks
  const { cohortTicks } = worlds[0]!.parameters.trust;
  const tick = (cohortTicks - (delay % cohortTicks)) % cohortTicks;
  worlds.forEach((world, w) => {
    contracts.set(world, { price: amounts[w]!, tick });
  });
  return { shard, worlds, tick };
}

/** The smallest amount, milli-cash, that is sued for, by sweeps of 32 amounts; undefined when none is. */
function smallestSuit(problem: LegalProblem): number | undefined {
  let low = 0;
  let high = MOST_MILLI;
  while (high - low > 1) {
    const step = Math.max(1, Math.ceil((high - low) / 32));
    const amounts: number[] = [];
    for (let amount = low + step; amount < high; amount += step) amounts.push(amount);
    amounts.push(high);
    const { shard, worlds, tick } = breakContracts(problem, amounts);
    shard.advance(tick + 1);
    const sued = worlds.findIndex(
      ({ columns }) => columns.claims.some((c) => c > 0) || columns.consumerClaims.some((c) => c > 0),
    );
    if (sued < 0) return undefined;
    high = amounts[sued]!;
    low = sued === 0 ? low : amounts[sued - 1]!;
  }
  return high;
}
/** Largest contract, milli-cash: as much as a task may be worth. */
const MOST_MILLI = 16_000_000;

/** What a suit over `amount` brings its buyer, discounted to the day of the suit, less what it costs; from the ledger's entries. */
function presentValue(problem: LegalProblem, amount: number): number {
  const { shard, worlds, tick } = breakContracts(problem, [amount]);
  let value = 0;
  const journal: Journal = {
    record(at, _from, _to, _asset, money, reason) {
      if (reason === REASON.courtFee) value -= money;
      if (reason === REASON.recovery) value += money * Math.exp(-problem.rate * (at - tick));
    },
  };
  worlds[0]!.ledger.journal = journal;
  shard.advance(tick + problem.delay + 1);
  return value / MILLI;
}

interface Bargain {
  /** Amount of the contract A, audit fee, stake S, and ticks tau for which it is locked. */
  readonly contract: number;
  readonly fee: number;
  readonly stake: number;
  readonly lock: number;
}

/** Stakes all that it has in the first tick, sells in the second and asks its stake back. */
function decideStaker(world: AgentWorld, tick: number, agent: number): void {
  chooseOption(world, agent, HEAD.mode, tick === 1 ? MODE.serve : MODE.idle);
  chooseOption(world, agent, HEAD.class, 0);
  chooseOption(world, agent, HEAD.deliver, DELIVER.honest);
  const finance = tick === 0 ? FINANCE.stake : tick === 1 ? FINANCE.unstake : FINANCE.hold;
  chooseOption(world, agent, HEAD.finance, finance);
  world.agents.scriptedAsk[agent] = contracts.get(world)!.price + 1;
}
registerPopulation(STAKER, decideStaker);

/** What an honest contract under escrow costs both sides: the audit fee paid, and the capital locked tick by tick. */
function costOfEscrow({ rate }: LegalProblem, { contract, fee, stake, lock }: Bargain): number {
  const run = resolve({
    seed: 'legal-threshold',
    ticks: 1_000_000_000,
    worlds: 1,
    slots: 1,
    output: QUIET_OUTPUT,
    world: {
      ...contractWorld(2 * contract, CLASSES),
      // a step of all that an agent has leaves a thousandth
      genesis: { token: stake + 2 / MILLI, cash: ENDOWMENT, capacity: 1, skill: 1 },
      policy: { wealthTaxPerTick: 0, financeStep: 1, unstakeDelay: lock - 1 },
      trust: {
        regime: 'programmatic',
        effort: 0,
        sideGain: 0,
        stakePerUnit: stake,
        audit: 1,
        falseAlarm: 0,
        auditCost: fee,
      },
    },
    populations: [{ name: 'stakers', kind: STAKER }],
  });
  const shard = new Shard(run, [0]);
  const [world] = [...shard.inside()];
  contracts.set(world!, { price: Math.round(contract * MILLI), tick: 1 });
  let cost = 0;
  world!.ledger.journal = {
    record(_tick, _from, _to, _asset, money, reason) {
      if (reason === REASON.contractCost) cost += money;
    },
  };
  for (let tick = 1; tick <= lock + 2; tick++) {
    shard.advance(tick);
    cost += rate * world!.balances.stake[0]!;
  }
  return cost / MILLI;
}

/** What a broken contract before a court costs its buyer: the price, and the suit where there is one. */
function costOfCourt(problem: LegalProblem, { contract }: Bargain): number {
  const amount = Math.round(contract * MILLI);
  return (amount - presentValue(problem, amount) * MILLI) / MILLI;
}

/** The paired worlds: each cost in units of the given numbers. */
function compareInstitutions(given: LegalProblem, bargain: Bargain) {
  const scale = Math.min(1000, MOST_MILLI / MILLI / 2 / bargain.contract, ENDOWMENT / 2 / bargain.stake);
  const problem = { ...given, cost: given.cost * scale };
  const scaled = {
    ...bargain,
    contract: bargain.contract * scale,
    fee: bargain.fee * scale,
    stake: bargain.stake * scale,
  };
  return {
    escrow: costOfEscrow(problem, scaled) / scale,
    court: costOfCourt(problem, scaled) / scale,
    unit: 1 / MILLI / scale,
  };
}

export const legalThreshold: ValidationCase = {
  name: 'legal-threshold',
  about:
    'A court that costs L and recovers a share after a delay d: the smallest broken contract that is sued for is L e^(rd) / recovery, and that suit brings what it costs; in paired worlds escrow beats the court iff fee + rho S tau is below legal cost + loss.',
  parameters: {
    cost: { default: 2, about: 'cost L of a suit' },
    recovery: { default: 0.8, about: 'share of the amount that is recovered' },
    delay: { default: 50, about: 'ticks d until it arrives' },
    rate: { default: 0.005, about: 'discount rate r and cost of capital rho, per tick' },
    contract: { default: 10, about: 'amount A of the contract in the paired worlds' },
    fee: { default: 0.5, about: 'audit fee of the contract under escrow' },
    stake: { default: 5, about: 'stake S locked for the contract under escrow' },
    lock: { default: 40, about: 'ticks tau for which it is locked' },
  },
  seeds: 1,
  full: [
    {},
    { set: { cost: '25', recovery: '0.45', delay: '500', rate: '0.001' } },
    { set: { rate: '0', contract: '2', fee: '0.01', stake: '40', lock: '200' } },
  ],
  async measure(params) {
    const given: LegalProblem = {
      cost: params.number('cost'),
      recovery: params.number('recovery'),
      delay: params.integer('delay'),
      rate: params.number('rate'),
    };
    if (given.cost <= 0 || given.recovery <= 0 || given.recovery > 1 || given.rate < 0)
      throw new UsageError("'cost' must be above 0, 'recovery' above 0 and at most 1, 'rate' at least 0");
    const factor = Math.exp(given.rate * given.delay) / given.recovery;
    // the engine counts in thousandths: larger numbers, finer answer, as far as a contract may go
    const scale = Math.min(1000, MOST_MILLI / MILLI / 2 / factor) / given.cost;
    const scaled = { ...given, cost: given.cost * scale };
    const amount = smallestSuit(scaled);
    const bargain: Bargain = {
      contract: params.number('contract'),
      fee: params.number('fee'),
      stake: params.number('stake'),
      lock: params.integer('lock'),
    };
    if (bargain.contract <= 0 || bargain.fee < 0 || bargain.stake <= 0)
      throw new UsageError("'contract' and 'stake' must be above 0, 'fee' at least 0");
    const sues = bargain.contract >= given.cost * factor;
    const recovered = sues ? bargain.contract / factor : 0;
    const escrowCost = bargain.fee + given.rate * bargain.stake * bargain.lock;
    const courtCost = bargain.contract - recovered + (sues ? given.cost : 0);
    const { escrow, court, unit: small } = compareInstitutions(given, bargain);
    const unit = 1 / MILLI / scale;
    const coarse = (2 + 2 * given.rate * (bargain.lock + 2) + 1 / factor) * small;
    const measured = {
      ...(amount === undefined
        ? {}
        : { smallestContract: amount * unit, netPresentValue: presentValue(scaled, amount) / scale }),
      escrowCost: escrow,
      courtCost: court,
      escrowWins: escrow < court ? 1 : 0,
    };
    return {
      measured,
      expected: {
        smallestContract: given.cost * factor,
        netPresentValue: 0,
        escrowCost,
        courtCost,
        escrowWins: escrowCost < courtCost ? 1 : 0,
      },
      // amounts, costs and recoveries are whole thousandths
      tolerance: {
        smallestContract: 2 * (1 + factor) * unit,
        netPresentValue: 4 * unit,
        escrowCost: coarse,
        courtCost: 4 * small,
        escrowWins: Math.abs(escrowCost - courtCost) > coarse + 4 * small ? 0 : 1,
      },
    };
  },
};
