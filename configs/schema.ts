/**
 * The one schema of a run's config: types, validation, defaults, documentation and (jsonSchema.ts) editor
 * completion all come from here. Money is in decimal token or cash; derive.ts turns it into integers.
 *
 * Every number, switch or choice below `world` and `populations` may also be given as a list with one value
 * per arm; arms.ts lays the arms out before this schema sees a config, so that here all leaves are scalars.
 */
import { z } from 'zod';
import { PERMITTED } from './permitted.ts';
import { BUILT_IN, BUILT_IN_REWARD_FEATURES, type Registry } from './registry.ts';

const count = (fallback: number, about: string, max = 1e9) =>
  z.number().int().min(0).max(max).default(fallback).describe(about);
const positive = (fallback: number, about: string, max = 1e9) =>
  z.number().int().min(1).max(max).default(fallback).describe(about);
const amount = (fallback: number, about: string, max = 1e9) =>
  z.number().min(0).max(max).default(fallback).describe(about);
const share = (fallback: number, about: string) => z.number().min(0).max(1).default(fallback).describe(about);
const real = (fallback: number, min: number, max: number, about: string) =>
  z.number().min(min).max(max).default(fallback).describe(about);
const flag = (fallback: boolean, about: string) => z.boolean().default(fallback).describe(about);
const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: T[number],
  about: string,
) =>
  z
    .enum(values)
    .default(fallback as never)
    .describe(about);
/** An object whose absence means all of its defaults. */
const section = <T extends z.ZodRawShape>(shape: T, about: string) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(about);

const trainingMethod = (
  d: {
    eta: number;
    compute: number;
    data: number;
    label: number;
    labels: number;
    environmentPrice: number;
    dataBought?: number;
  },
  about: string,
) =>
  section(
    {
      eta: real(d.eta, 0, 1, 'skill gained per tick at one unit of everything, before diminishing returns'),
      computeExponent: share(d.compute, 'elasticity of the gain to compute'),
      dataExponent: share(d.data, 'elasticity of the gain to 1 + data'),
      labelExponent: share(d.label, 'elasticity of the gain to 1 + labels'),
      labels: count(d.labels, 'labels bought per training tick', 1000),
      environmentPrice: amount(d.environmentPrice, 'cash per training tick for the environment'),
      dataBought: count(
        d.dataBought ?? 0,
        "data units bought per training tick from the users' pool, where dataOwnership.market is on",
        10_000,
      ),
    },
    about,
  );

const world = section(
  {
    genesis: section(
      {
        token: amount(2000, 'token of each agent at genesis and of each immigrant'),
        cash: amount(500, 'cash of each agent at genesis'),
        capacity: count(8, 'compute units per tick of each agent at genesis', 1e6),
        skill: share(0.2, 'skill of a newborn in every class'),
        data: count(0, 'data units of each agent at genesis'),
      },
      'What every agent starts with.',
    ),
    consumers: section(
      {
        cash: amount(400_000, 'cash of the consumers at genesis'),
        token: amount(50_000, 'token of the consumers at genesis'),
        swapShare: share(0.01, 'largest share of their cash that consumers swap for token in one tick'),
      },
      'Those who pay for tasks, with the money that comes back to them each tick.',
    ),
    treasury: section(
      {
        reserveEndowments: count(20, 'genesis endowments that the treasury keeps for immigrants'),
        releaseShift: count(6, 'of what is above the reserve, 1/2^shift returns to consumers each tick', 31),
      },
      'Receives fees, taxes and estates; pays immigrants; owns all AMM liquidity.',
    ),
    amm: section(
      {
        enabled: flag(true, 'whether token can be swapped for cash'),
        token: amount(200_000, 'token reserve at genesis'),
        cash: amount(200_000, 'cash reserve at genesis'),
        redeemEvery: positive(256, 'ticks between redemptions of the liquidity that fees added'),
        outsidePrice: flag(
          false,
          'whether consumers also trade on a market outside, whose recorded price (priceSeries) they carry into the pool at the opening of every tick, as far as their money goes',
        ),
      },
      'Constant-product market maker, Uniswap v2 integers, 30 bps.',
    ),
    computeMarket: section(
      {
        enabled: flag(true, 'whether compute is rented'),
        priceMin: amount(0.005, 'lowest price level, token per cu', 2e6),
        priceMax: amount(20, 'highest price level, token per cu', 2e6),
        priceStart: amount(0.1, 'moving-average price before the first trade, token per cu', 16_000),
        bidShare: share(0.02, 'share of its free token that an agent may bid in a tick'),
        feeBps: count(30, 'fee on the price paid, basis points', 10_000),
      },
      'Frequent batch auction of compute at a uniform price.',
    ),
    serviceMarket: section(
      {
        enabled: flag(true, 'whether consumers buy tasks'),
        demand: amount(50, 'tasks wanted per class and tick, on average'),
        value: amount(10, 'cash that a task of quality 1 is worth to consumers'),
        classSpread: share(0.2, 'demand of the classes is spread evenly over demand x (1 +- spread)'),
        cuPerTask: positive(4, 'compute units that one task takes', 1000),
        maxTasks: positive(8, 'most tasks that one agent serves in a tick', 10_000),
        feeBps: count(30, 'fee on the price paid, basis points', 10_000),
        pricing: choice(
          ['ask', 'secondScore'],
          'ask',
          'what a winner is paid: its ask, or value + bonus - best losing score',
        ),
        shape: choice(
          ['constant', 'seasonal', 'randomWalk', 'regimeShift', 'series'],
          'constant',
          'how demand moves over time; series: as recorded, see demandSeries',
        ),
        period: positive(2000, 'ticks of a season, or between regime shifts, or steps of the walk'),
        amplitude: share(0.5, 'size of the movement relative to the mean'),
        networkEffect: share(
          0,
          "largest bonus on a seller's score, as a share of the value of a task: bonus = this x value x the seller's share of last tick's tasks",
        ),
      },
      'Scoring auction of tasks, per class.',
    ),
    energy: section(
      {
        price: amount(0.15, 'cash per compute unit used'),
        subsistence: amount(0.05, 'cash per tick that being alive costs'),
      },
      'What every machine pays to its supplier.',
    ),
    training: section(
      {
        enabled: flag(true, 'whether agents can train their skills'),
        maxCompute: positive(16, 'most compute units that training uses in a tick', 1e6),
        depreciation: real(5e-5, 0, 1, 'share of every skill lost per tick: the frontier moves'),
        labelPrice: amount(0.05, 'cash per label, paid to labour'),
        dataPerTask: count(1, 'data units that serving a task yields to the seller'),
        supervised: trainingMethod(
          { eta: 4e-4, compute: 0.3, data: 0.05, label: 0.5, labels: 2, environmentPrice: 0 },
          'Learning from labels bought from people.',
        ),
        unsupervised: trainingMethod(
          { eta: 1e-4, compute: 0.5, data: 0.2, label: 0, labels: 0, environmentPrice: 0, dataBought: 16 },
          'Learning from much data and compute.',
        ),
        semiSupervised: trainingMethod(
          { eta: 2.5e-4, compute: 0.4, data: 0.1, label: 0.3, labels: 1, environmentPrice: 0, dataBought: 4 },
          'Learning from data and fewer labels.',
        ),
        reinforcement: trainingMethod(
          { eta: 2e-4, compute: 0.6, data: 0, label: 0, labels: 0, environmentPrice: 0.05 },
          'Learning from an environment: a fixed cost, then compute alone.',
        ),
      },
      'How compute, data and labels become skill.',
    ),
    dataOwnership: section(
      {
        platform: share(
          1,
          "share of the data that a served task yields that its seller keeps; the rest goes to the users' pool",
        ),
        market: flag(
          false,
          "whether the users' pool sells data to agents that train; consumers get the money",
        ),
        price: amount(0.01, 'cash per data unit of the pool at genesis', 16_000),
        budget: amount(0.1, 'most cash that an agent spends on data in a tick', 1e6),
        priceStep: share(
          0.01,
          'share by which the price rises in a tick in which more is wanted than comes in, and falls in others; 0 = fixed',
        ),
      },
      'Who owns the data that work yields.',
    ),
    hardware: section(
      {
        enabled: flag(true, 'whether capacity can be bought'),
        priceBase: amount(50, 'cash per compute unit of capacity, whatever the stock'),
        priceScale: amount(50, 'cash per compute unit at genesis stock; grows with (total / genesis)^2'),
        capacityMax: positive(32, 'most capacity that one agent can own', 1e6),
        wearPerTick: real(0, 0, 1, 'share of capacity lost per tick, rounded stochastically'),
        runwayTicks: count(20_000, 'ticks of subsistence that must remain after buying hardware', 1e7),
        trainingRunwayTicks: count(
          5000,
          'ticks of subsistence that must remain after buying labels or environments',
          1e7,
        ),
      },
      'Capacity as a capital good.',
    ),
    ownership: section(
      {
        distribution: choice(
          ['equal', 'firms', 'pareto'],
          'equal',
          'capacity at genesis: the same device for all, firms that hold a share, or a Pareto distribution; the total is the same',
        ),
        firms: positive(4, 'agents that are firms, drawn at random', 1e6),
        firmShare: share(0.8, 'share of all capacity that the firms hold, in equal parts'),
        paretoAlpha: real(
          1.16,
          1.01,
          100,
          'tail index; 1.16 gives a fifth of the agents four fifths of the capacity',
        ),
        scaleEconomy: real(
          0,
          0,
          0.9,
          'share of the energy price saved per doubling of capacity above the device of genesis.capacity',
        ),
        capitalCost: amount(
          0,
          'cash per tick for each cu above the device of genesis.capacity, which people own already',
          1e5,
        ),
        operatorShare: share(
          0,
          "share of an agent's profit that its human operator takes: 0 = a sovereign machine, 1 = a tool",
        ),
      },
      'Who owns machines and what size is worth.',
    ),
    policy: section(
      {
        wealthTaxPerTick: real(1e-4, 0, 0.1, 'share of free token and cash taken per tick, to the treasury'),
        financeStep: share(0.01, 'share of a balance that one finance action moves'),
        staking: flag(
          false,
          'whether agents may stake token where no mechanism asks for stakes; trust.regime programmatic always does',
        ),
        unstakeDelay: count(100, 'ticks between asking for staked token back and receiving it', 1e6),
        issuance: choice(
          ['none', 'stakeWeighted', 'workWeighted', 'yuma'],
          'none',
          'to whom new token goes: nobody, by stake, by quality of the tasks served in the tick, or by Yuma consensus',
        ),
        issuancePerTick: amount(10, 'token issued per tick where there is an issuance rule', 1e6),
        epoch: positive(100, 'ticks of an epoch of Yuma consensus, whose issuance is paid at its end', 1e6),
        validators: positive(
          16,
          'the largest stakers of an epoch, who weigh the members by delivered quality',
          256,
        ),
        kappa: share(0.5, 'share of stake that must support a weight in Yuma consensus'),
        bondsPenalty: share(1, 'how far bonds are bought with clipped weights, in Yuma consensus'),
        bondsAlpha: share(0.1, 'weight of an epoch in the moving average of bonds, in Yuma consensus'),
        feeBurn: share(0, 'share of every fee that is burned instead of going to the treasury'),
        dividend: share(
          0,
          'share of what the treasury holds above its reserve that is paid each tick to all living agents alike',
        ),
      },
      'Token policy.',
    ),
    learner: section(
      {
        alpha: real(1, 0, 10, 'step size before the ObGD bound'),
        gamma: real(0.95, 0, 0.9999, 'discount at genesis (a gene)'),
        lambda: real(0.5, 0, 1, 'eligibility-trace decay at genesis (a gene)'),
        tau: real(0.05, 0, 10, 'entropy weight at genesis (a gene)'),
        kappaActor: real(3, 1, 100, 'ObGD overshoot bound of the actor at genesis (a gene)'),
        kappaCritic: real(2, 1, 100, 'ObGD overshoot bound of the critic'),
        sparsity: real(0.5, 0, 0.97, 'share of the inputs of each neuron that start at zero'),
        centreReward: flag(true, 'subtract the moving mean of the reward before scaling'),
        plainStep: real(0.001, 0, 1, 'step size of learners without the ObGD bound: sgd and reinforce'),
      },
      'Stream AC(lambda), Elsayed, Vasan & Mahmood 2024.',
    ),
    tabular: section(
      {
        alpha: share(0.1, 'step size'),
        epsilon: share(0.1, 'probability of an action drawn uniformly'),
        gamma: real(0.99, 0, 0.9999, 'discount'),
        initial: real(0, -1e6, 1e6, 'value of every action at birth'),
      },
      'Tabular Q-learning of populations of kind tabular, in environments with numbered states.',
    ),
    demography: section(
      {
        enabled: flag(true, 'whether agents are born and die'),
        meanLife: positive(20_000, 'mean life in ticks when only age kills', 1e9),
        ageDeath: flag(true, 'whether an age hazard of 1 / mean life applies'),
        deathsPerTick: count(0, 'agents killed at random each tick, besides other deaths', 1e6),
        birthsPerTick: count(0, 'most births in a tick; 0 = as many as there are free slots', 1e6),
        lottery: choice(
          ['wealth', 'uniform', 'fitness'],
          'wealth',
          'what a parent is drawn in proportion to',
        ),
        sampling: choice(
          ['systematic', 'multinomial'],
          'systematic',
          'one child a parent and tick, or with replacement',
        ),
        threshold: amount(
          1000,
          'cash above the price of the kit that a parent must own, times its threshold gene',
        ),
        kitCompute: count(6, 'capacity that the parent buys for the child', 1e6),
        endowmentShare: share(0.33, 'share of its money that a parent gives, at genesis (a gene)'),
        endowmentFloor: amount(500, 'least cash-equivalent that a child is given'),
        parentPays: flag(true, 'false: children are made for nothing, for classic population genetics'),
        crossover: share(0.5, 'probability that a second rich agent shares its genes'),
        mutation: flag(true, 'whether reward genes mutate at birth'),
        sigma: real(0.1, 0, 10, 'mutation size at genesis (a gene)'),
        immigrationFloor: share(
          0.25,
          "share of the slots below which immigrants arrive; under quotas, of each population's own slots",
        ),
        immigrantsPerTick: count(1, 'most immigrants in a tick', 1e6),
        quotas: flag(false, 'slots belong to the population that holds them at genesis'),
        selection: choice(
          ['endogenous', 'truncation'],
          'endogenous',
          'endogenous: whoever can pay has children; truncation: once a generation the poorest give way to children of the richest',
        ),
        generation: positive(1000, 'ticks of a generation under truncation selection'),
        truncationShare: real(
          0.2,
          0,
          0.5,
          'share of the living that dies at the end of a generation, and share that has children',
        ),
      },
      'Birth, death and immigration.',
    ),
    objectives: section(
      {
        enabled: flag(false, 'whether agents can try mutated reward genes within their lives'),
        trialBlock: positive(250, 'ticks of a block; a trial takes four: old, new, new, old genes'),
        cooldown: count(1000, 'ticks after a trial before the next one'),
        placebo: share(0.1, 'share of trials whose new genes are the old ones: how often chance accepts'),
        judge: z
          .enum(['wealth', 'reward'])
          .optional()
          .describe(
            'what decides a trial, wealth where absent: growth of wealth, or the reward that the agent pays itself, which invites wireheading (Everitt & Hutter 2016)',
          ),
      },
      'Self-update of reward genes, judged by wealth and not by reward unless told otherwise.',
    ),
    trust: section(
      {
        regime: choice(
          ['off', 'none', 'legal', 'programmatic'],
          'off',
          'off: everybody delivers; none: sellers may default and buyers bear it; legal: registered parties, suits, recovery after a delay; programmatic: escrow, stakes, audits, slashing',
        ),
        effort: amount(0.05, 'cash per cu sold that delivery costs beyond energy; a default saves it', 1e6),
        sideGain: amount(0.1, 'cash per cu sold that consumers pay a defaulting seller for another use', 1e6),
        reputationGain: share(0.02, 'share of the way to 1 that a delivery moves the reputation'),
        reputationLoss: share(0.1, 'share of the reputation that a default costs'),
        reputationWeight: share(
          0,
          'weight w of reputation in what a task is worth to consumers: value x skill x (1 - w (1 - reputation))',
        ),
        registrationFee: amount(
          5,
          'legal: cash that a party pays the court once in its life to contract',
          1e6,
        ),
        legalCost: amount(2, 'legal: cash that a suit costs the buyer', 1e6),
        recovery: share(0.8, 'legal: share of the amount that a suit recovers'),
        delay: positive(50, 'legal: ticks from a suit to its recovery', 1e6),
        discountRate: real(0.001, 0, 1, 'legal: rate per tick at which buyers discount a recovery'),
        claimCohorts: z
          .number()
          .int()
          .min(2)
          .max(256)
          .default(16)
          .describe(
            'legal: due ticks that an agent keeps apart; with a longer delay, claims due in neighbouring ticks are pooled',
          ),
        stakePerUnit: amount(
          0.5,
          'programmatic: token that a seller locks per cu sold; a task counts cuPerTask',
          1e6,
        ),
        audit: share(0.3, 'programmatic: probability that a default is caught'),
        falseAlarm: share(0.01, 'programmatic: probability that a delivery is taken for a default'),
        auditCost: amount(
          0.01,
          'programmatic: cash per cu audited; buyers pay audit x auditCost per cu',
          1e6,
        ),
        slashToBuyer: share(0.5, 'programmatic: share of a slashed stake that goes to the buyer'),
        slashRest: choice(['treasury', 'burned'], 'treasury', 'programmatic: where the rest of it goes'),
      },
      'Whether sellers of compute and tasks may default, and who bears it. A unit is a cu; a task counts cuPerTask units.',
    ),
    randomExchange: section(
      {
        kind: choice(
          ['off', 'kinetic', 'saving', 'yardSale', 'bets', 'kelly'],
          'off',
          'in random pairs, kinetic: one stake moves; saving: what both do not keep is split at random; yardSale: a fair bet for a share of what the poorer one has. Against the court, bets: for one stake; kelly: for a share of what the agent has',
        ),
        stake: amount(0.001, 'cash moved by one exchange or bet'),
        saving: share(0.5, 'share of its cash that each of a pair keeps out of the split'),
        stakeShare: share(
          0.1,
          "share of the poorer one's cash at stake in a yard sale, at least one milli-cash",
        ),
        winProbability: share(0.5, 'probability that an agent wins its bet'),
        target: amount(0, 'cash at which a gambler stops; 0 = never'),
        roundsPerTick: positive(1, 'exchanges of each agent in a tick', 10_000),
      },
      'Random exchange of money (econophysics), a classic mechanism.',
    ),
    contest: section(
      {
        enabled: flag(false, "whether agents meet in random pairs and play their populations' strategies"),
        firstFirst: real(3, -1e6, 1e6, 'cash for the first move against the first move'),
        firstSecond: real(0, -1e6, 1e6, 'cash for the first move against the second move'),
        secondFirst: real(5, -1e6, 1e6, 'cash for the second move against the first move'),
        secondSecond: real(1, -1e6, 1e6, 'cash for the second move against the second move'),
        rounds: positive(1, 'rounds that a pair plays when it meets', 100_000),
        meetings: positive(1, 'meetings of each agent in a tick', 10_000),
        background: amount(0, 'cash for each agent and meeting, whatever it plays'),
      },
      'Matrix games in random pairs (Maynard Smith & Price 1973), paid by the court as a bank; a classic mechanism.',
    ),
    induced: section(
      {
        enabled: flag(false, 'agents trade one unit on the compute market at values drawn for them'),
        schedule: choice(
          ['random', 'even'],
          'random',
          'values drawn uniformly over the price levels, or evenly spaced over them and dealt out at random',
        ),
        redrawEvery: count(0, 'ticks after which values are drawn again; 0 = never'),
        renewEvery: count(
          0,
          'ticks after which units are given again at the same values; 0 = only when they are drawn',
        ),
        unitsPerTrader: positive(1, 'units that each trader may trade until units are given again', 1000),
      },
      'Induced values (Smith 1962): half the agents buy, half sell, at values over all price levels.',
    ),
    doubleAuction: section(
      {
        enabled: flag(false, 'trade compute in a continuous double auction instead of a batch auction'),
        rounds: positive(
          50,
          'times a tick that every trader comes to the book, in an order drawn each time',
          10_000,
        ),
        clearBookAtTrade: flag(false, 'whether a trade cancels all resting orders (Gode & Sunder 1993)'),
      },
      'Continuous double auction: a limit order book with price-time priority; a tick is a trading day.',
    ),
    environment: section(
      {
        kind: z.string().default('none').describe('name of a registered environment, or none'),
        noise: amount(1, 'scale of the reward noise'),
        noiseShape: choice(['gaussian', 'student2'], 'gaussian', 'distribution of the reward noise'),
        rewardScale: amount(1, 'factor on rewards from scaleTick on'),
        scaleTick: count(0, 'tick from which rewards are scaled'),
        grid: section(
          {
            foodX: count(0, 'column of the food, 0..5', 5),
            foodY: count(0, 'row of the food, 0..5', 5),
            waterX: count(5, 'column of the water, 0..5', 5),
            waterY: count(0, 'row of the water, 0..5', 5),
            thirst: share(0.1, 'probability per step of becoming thirsty'),
            rewardHungryThirsty: real(0, -1e6, 1e6, 'reward of being hungry and thirsty'),
            rewardHungry: real(0, -1e6, 1e6, 'reward of being hungry and not thirsty'),
            rewardThirsty: real(1, -1e6, 1e6, 'reward of being thirsty and not hungry'),
            rewardSated: real(1, -1e6, 1e6, 'reward of being neither'),
          },
          'The hungry-thirsty grid world (Singh, Lewis & Barto 2009); by default its fitness is the reward.',
        ),
      },
      'An environment plugged in where the markets would be.',
    ),
  },
  'Parameters of the worlds. Any value may be a list: one entry per arm.',
);

const from = z
  .strictObject({
    run: z.string().min(1).describe('directory of the saved run'),
    tick: z
      .number()
      .int()
      .min(1)
      .max(4_000_000_000)
      .optional()
      .describe('tick of the checkpoint; absent = the newest'),
    what: choice(
      ['genomes', 'agents'],
      'genomes',
      'genomes: genes in newborn agents; agents: with their brains and skills, which have learned',
    ),
    population: z
      .string()
      .min(1)
      .max(40)
      .optional()
      .describe('population of the saved run; absent = the one of the same name, or its only learners'),
    arm: count(0, 'arm of the saved run, whose worlds are pooled', 1e6),
  })
  .describe('A saved run whose living learners the members at genesis and immigrants are drawn from.');

const population = (registry: Registry) =>
  z.strictObject({
    name: z.string().min(1).max(40).describe('name of the population in metrics, reports and on the page'),
    kind: z.enum(registry.populationKinds as [string, ...string[]]).describe('how its members decide'),
    share: real(1, 0, 1e6, 'share of the slots at genesis, relative to the other populations'),
    reward: choice(
      ['random', 'logWealth', 'zero', 'randomReward', 'constant', 'profit', 'skill', 'computeSpent'],
      'random',
      'reward genome at genesis: random unit vectors, or one fixed feature',
    ),
    evolves: flag(true, 'false: children carry unmutated copies of the reward genes'),
    rewardHidden: flag(false, 'whether the reward has the hidden layer v . tanh(U phi)'),
    inheritance: choice(
      ['darwinian', 'baldwinian', 'lamarckian'],
      'darwinian',
      'which brain weights a child starts from',
    ),
    markup: share(0.25, 'markup of a fixedMarkup population over its cost'),
    fitness: amount(1, 'weight in a fitness lottery'),
    endowment: amount(
      1,
      'token and cash of a member at genesis or immigration, relative to those of the world',
      1e6,
    ),
    betShare: share(0.2, 'share of its cash that a member bets, in a world of kelly bets'),
    strategy: choice(
      ['first', 'second', 'titForTat', 'grim', 'winStay'],
      'first',
      'how its members play contests: always the first or second move, or by what happened in the round before',
    ),
    immigrates: flag(true, 'whether immigrants may join this population'),
    learner: choice(
      ['streamAc', 'sgd', 'reinforce', 'frozen'],
      'streamAc',
      'how learners learn: stream AC(lambda) with the ObGD step, the same with a plain step, or without a critic too; frozen: their weights never change',
    ),
    revises: flag(true, 'whether learners may revise their reward genes, where world.objectives is on'),
    from: from.optional(),
  });

const intervention = z.strictObject({
  tick: z
    .number()
    .int()
    .min(0)
    .max(4_000_000_000)
    .describe(
      'ticks that are complete when it happens; the tick of this number is the first under the new value',
    ),
  path: z
    .enum(PERMITTED as [string, ...string[]])
    .describe('number that changes: a price, fee, rate, probability or demand below `world`'),
  value: z.number().describe('its new value, by the rule of its path; or a list with one value per arm'),
});

const extensions = z
  .strictObject({
    metrics: z
      .array(z.string().min(1).max(40))
      .max(64)
      .optional()
      .describe('registered metrics that become columns of the table of metrics'),
    rewardFeatures: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(40).describe('name of a registered reward feature'),
          replaces: z
            .enum(BUILT_IN_REWARD_FEATURES)
            .describe('built-in reward feature whose place in the genome it takes'),
        }),
      )
      .max(BUILT_IN_REWARD_FEATURES.length)
      .optional()
      .describe('registered reward features that genomes value in place of built-in ones'),
  })
  .describe("Code of one's own that the run uses, by the names under which it was registered.");

/** What can advance worlds; `darwin engines` says which are here. */
export const ENGINE_NAMES = ['cpu', 'webgpu', 'tensorflow'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** A recorded course out of a file. */
const series = (column: string, aboutColumn: string, about: string) =>
  section(
    {
      file: z.string().default('').describe('CSV (with a header) or Parquet file; empty = none'),
      column: z.string().min(1).default(column).describe(aboutColumn),
      ticksPerRow: positive(1, 'ticks that each row lasts; behind the last row the first one follows', 1e9),
      values: z
        .array(z.number().min(0).max(1e12))
        .max(1e6)
        .default([])
        .describe('the rows themselves, which are read from the file where it is given'),
      sha256: z.string().default('').describe('hash of the file that the rows came from'),
    },
    about,
  );

/** The schema for a registry of names. All leaves are scalars; lists per arm are laid out by arms.ts. */
export function buildSchema(registry: Registry = BUILT_IN) {
  return z.strictObject({
    name: z.string().min(1).max(80).default('unnamed').describe('name of the run'),
    description: z.string().default('').describe('what the run shows, one or two sentences'),
    seed: z
      .string()
      .min(1)
      .default('darwin')
      .describe("seed phrase; the worlds' 32-bit seeds derive from it"),
    ticks: positive(2000, 'ticks to simulate', 4_000_000_000),
    worlds: positive(1, 'independent worlds (seeds) of each arm', 1_000_000),
    slots: positive(128, 'agent slots of each world', 2 ** 22),
    engine: choice(
      ['auto', ...ENGINE_NAMES],
      'auto',
      'which engine advances the worlds; auto takes the fastest that is here for their size',
    ),
    threads: count(0, 'worker threads; 0 = one per core', 1024),
    output: section(
      {
        metricsEvery: positive(50, 'ticks between metric rows'),
        agentsEvery: count(500, 'ticks between snapshots of all agents; 0 = only at the end'),
        journalWorlds: count(0, 'the first so many worlds record every ledger entry'),
        tradesWorlds: count(
          1,
          'the first so many worlds record every fill, and with their metrics the orders of the last compute auction',
        ),
        tradesEvery: positive(50, 'ticks between ticks whose fills are recorded'),
        lineage: flag(true, 'record births, deaths and reward genes'),
        checkpointEvery: count(0, 'ticks between checkpoints; 0 = only when the run is interrupted'),
        checkpointsKept: positive(2, 'checkpoints that stay, older ones are removed', 1e6),
        checkpointAtEnd: flag(false, 'write a checkpoint at the last tick too'),
      },
      'What is written to the run directory. Never changes a result.',
    ),
    demandSeries: series(
      'demand',
      'its column of what was wanted, in any unit',
      'A recorded course of demand, for serviceMarket.shape series: demand is scaled so that its mean is serviceMarket.demand.',
    ),
    priceSeries: series(
      'price',
      'its column of prices, in any unit',
      "A recorded course of the token's price outside, for amm.outsidePrice: scaled so that its first row is the pool's price at genesis.",
    ),
    world,
    populations: z
      .array(population(registry))
      .min(1)
      .prefault([{ name: 'learners', kind: 'learner' }])
      .describe('Who competes for the slots of a world.'),
    interventions: z
      .array(intervention)
      .max(10_000)
      .optional()
      .describe('Numbers of the worlds that change while they run.'),
    extensions: extensions.optional(),
  });
}

export type RunSchema = ReturnType<typeof buildSchema>;
/** A validated config of one arm: all defaults filled in, all leaves scalars. */
export type RunConfig = z.infer<RunSchema>;
export type WorldConfig = RunConfig['world'];
export type PopulationConfig = RunConfig['populations'][number];
