/** Names, units and meaning of what is measured; the run directory, the page and reports read this one table. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly about: string;
}

const metric = <const N extends string>(name: N, unit: string, about: string) => ({ name, unit, about });

/** Per world and interval. `per interval` values count what happened since the last row. */
export const METRICS = [
  metric('alive', 'agents', 'living agents'),
  metric('births', 'agents per interval', 'children born'),
  metric('deaths', 'agents per interval', 'agents that died'),
  metric('immigrants', 'agents per interval', 'agents that arrived from outside'),
  metric('insolvencies', 'agents per interval', 'deaths for an unpaid bill'),
  metric('computePrice', 'token per cu', 'moving-average clearing price of compute'),
  metric('computeVolume', 'cu per interval', 'compute rented'),
  metric('computeBid', 'cu', 'compute bid for in the sampled tick'),
  metric('computeOffered', 'cu', 'compute offered in the sampled tick'),
  metric('tasksServed', 'tasks per interval', 'tasks bought by consumers'),
  metric('tasksDemanded', 'tasks', 'tasks wanted in the sampled tick'),
  metric('spend', 'token per interval', "consumers' spending on tasks"),
  metric('spendCash', 'cash per interval', "consumers' spending at the tick's token price"),
  metric(
    'serviceWelfare',
    'cash per interval',
    'value of the tasks delivered less the energy of all that were sold, as the machines that ran them pay it; for rented compute, the mean of its sellers',
  ),
  metric('taskPrice', 'token per task', 'mean price of a task over the interval'),
  metric('tokenPrice', 'cash per token', 'mid price of the AMM'),
  metric('swaps', 'per interval', 'aggregate swaps executed'),
  metric('computeActive', '1', 'share of ticks of the interval in which compute was rented'),
  metric('serviceActive', '1', 'share of ticks in which tasks were sold'),
  metric('swapActive', '1', 'share of ticks in which token was swapped for cash'),
  metric(
    'agentsMoneyShare',
    '1',
    "agents' share of all money, token at the mid price; of all cash where the AMM is off",
  ),
  metric('meanWealth', 'cash', 'mean wealth of the living'),
  metric('medianWealth', 'cash', 'median wealth of the living'),
  metric('giniWealth', '1', 'Gini coefficient of wealth'),
  metric('giniCompute', '1', 'Gini coefficient of capacity'),
  metric('hhiWealth', '1', 'Herfindahl-Hirschman index of wealth'),
  metric('hhiCompute', '1', 'Herfindahl-Hirschman index of capacity'),
  metric('theilWealth', '1', 'Theil index of wealth'),
  metric('entropyWealth', '1', 'normalised Shannon entropy of wealth shares'),
  metric('nakamoto33', 'agents', 'fewest agents that own a third of capacity'),
  metric('nakamoto50', 'agents', 'fewest agents that own half of capacity'),
  metric('top1', '1', 'wealth share of the richest 1 %'),
  metric('top10', '1', 'wealth share of the richest 10 %'),
  metric('capacity', 'cu', 'capacity owned by agents'),
  metric('utilisation', '1', 'share of capacity used in the sampled tick'),
  metric('meanSkill', '1', "mean over agents of their best class's skill"),
  metric('bestSkill', '1', 'highest skill of any agent'),
  metric('labels', 'labels per interval', 'human effort: labels bought'),
  metric(
    'effortSupervised',
    'labels per unit of skill',
    'human effort of supervised training: labels bought for each unit of skill gained',
  ),
  metric(
    'effortUnsupervised',
    'labels per unit of skill',
    'human effort of unsupervised training: labels bought for each unit of skill gained',
  ),
  metric(
    'effortSemiSupervised',
    'labels per unit of skill',
    'human effort of semi-supervised training: labels bought for each unit of skill gained',
  ),
  metric(
    'effortReinforcement',
    'labels per unit of skill',
    'human effort of reinforcement training: labels bought for each unit of skill gained',
  ),
  metric('adoptionSupervised', '1', 'share of training ticks that use the supervised method'),
  metric('adoptionUnsupervised', '1', 'share of training ticks that use the unsupervised method'),
  metric('adoptionSemiSupervised', '1', 'share of training ticks that use the semi-supervised method'),
  metric('adoptionReinforcement', '1', 'share of training ticks that use the reinforcement method'),
  metric(
    'consumerSurplus',
    'cash per interval',
    'value of the tasks delivered less what consumers paid for tasks',
  ),
  metric('dataPool', 'data units', "in the users' pool"),
  metric('dataAgents', 'data units', 'owned by agents'),
  metric('dataSold', 'data units per interval', "bought by agents from the users' pool"),
  metric('dataRevenue', 'cash per interval', 'billed by the pool for data, for the consumers'),
  metric('dataPrice', 'cash per data unit', 'posted price of the pool; where it sells, else NaN'),
  metric('fees', 'token per interval', 'fees on tasks and compute, burned or not'),
  metric('issued', 'token per interval', 'minted by the issuance rule'),
  metric('burned', 'token per interval', 'burned, for whatever reason'),
  metric('tokenSupply', 'token', 'all token there is'),
  metric(
    'dividends',
    'cash per interval',
    "paid to agents from the treasury's surplus, token at the mid price",
  ),
  metric('operatorTaken', 'cash per interval', 'share of profits taken by human operators'),
  metric('energy', 'cash per interval', 'paid for energy'),
  metric('consumersCash', 'cash', 'cash of the consumers'),
  metric('consumersToken', 'token', 'token of the consumers'),
  metric('treasuryCash', 'cash', 'cash of the treasury'),
  metric('treasuryToken', 'token', 'token of the treasury'),
  metric('meanAge', 'ticks', 'mean age of the living'),
  metric('meanGeneration', '1', 'mean generation of the living'),
  metric('allocativeEfficiency', '1', 'gains made of gains possible; where values are induced, else NaN'),
  metric(
    'smithAlpha',
    '%',
    'root mean square deviation of trades from the induced equilibrium, in percent of it',
  ),
  metric('quoteSurplus', 'token per interval', 'gains on submitted limits in the compute market'),
  metric(
    'contracted',
    'cu per interval',
    'sold where sellers may default (else NaN); a task counts cuPerTask',
  ),
  metric('defaults', 'cu per interval', 'of these, not delivered'),
  metric('suits', 'suits per interval', 'suits filed'),
  metric('recoveries', 'cash per interval', 'paid by courts to creditors'),
  metric('claimsLost', 'cash per interval', 'claims that fell due and were not covered'),
  metric('slashes', 'token per interval', 'stake slashed'),
  metric('escrowed', 'token per interval', 'payments that waited in escrow'),
  metric('staked', 'token', 'token staked by agents; where they may stake, else NaN'),
  metric('meanReputation', '1', 'mean reputation of the living'),
  metric('priceSelection', '1', 'Price equation: Cov(w, z) / mean w of the tracked gene'),
  metric('priceTransmission', '1', 'Price equation: E(w dz) / mean w of the tracked gene'),
  metric('priceMigration', '1', 'Price equation: change due to immigrants'),
  metric('priceResidual', '1', 'Price equation: what is left; zero to rounding'),
  metric('trialsStarted', 'trials per interval', 'trials of mutated reward genes begun, placebos included'),
  metric('trialsFinished', 'trials per interval', 'trials decided, placebos left out'),
  metric(
    'trialsAccepted',
    'trials per interval',
    'new reward genes kept because wealth grew more under them',
  ),
  metric('trialAcceptance', '1', 'accepted of all trials decided since genesis, placebos left out'),
  metric('placeboAcceptance', '1', 'the same of placebos (identical genes): what chance accepts'),
  metric('poolToken', 'token', 'token reserve of the AMM; where it is on, else NaN'),
  metric('poolCash', 'cash', 'cash reserve of the AMM; where it is on, else NaN'),
  metric('velocity', '1 per interval', "consumers' spending on tasks over all token there is"),
  metric(
    'computeSpread',
    'token per cu',
    'best ask less best bid left unfilled in the sampled tick; NaN where a side has nothing left',
  ),
  metric(
    'welfareBound',
    'cash',
    'most welfare of the sampled tick, given skills, classes chosen, compute and demand: greedy',
  ),
  metric(
    'serviceEfficiency',
    '1',
    'welfare made in the sampled tick of welfareBound; NaN where that is zero',
  ),
  metric('lineageDepth', '1', 'largest generation of the living'),
  metric(
    'speciesCount',
    'species',
    'kinds of evolving reward genomes by their largest weight and its sign; NaN where none evolve',
  ),
  metric('speciesCountShadow', 'species', 'the same of their neutral shadows'),
  metric(
    'diversity',
    '1',
    'mean squared distance between two evolving reward genomes of norm one: 2 where unrelated, 0 where equal',
  ),
  metric('diversityShadow', '1', 'the same of their neutral shadows'),
] as const satisfies readonly Metric[];
export type MetricName = (typeof METRICS)[number]['name'];

/** Per population, world and interval. */
export const POPULATION_METRICS = [
  metric('alive', 'agents', 'living agents'),
  metric('wealth', 'cash', 'mean wealth of the living'),
  metric(
    'profitPerTick',
    'cash per agent and tick',
    'realised profit over the interval, of all who acted: a newborn from its next tick, the dead to their last',
  ),
  metric('matureProfitPerTick', 'cash per agent and tick', 'the same for agents older than the maturity age'),
  metric('reward', '1', 'mean reward per agent and tick over the interval'),
  metric('skill', '1', "mean of the best class's skill"),
  metric('capacity', 'cu', 'mean capacity'),
  metric('births', 'agents per interval', 'children born'),
  metric('deaths', 'agents per interval', 'agents that died'),
  metric('rentOut', '1', 'share of agents that rent out'),
  metric('serve', '1', 'share of agents that serve'),
  metric('train', '1', 'share of agents that train'),
  metric('idle', '1', 'share of agents that idle'),
  metric(
    'rewardWealthCorrelation',
    '1',
    'correlation of lifetime reward and wealth at death over the deaths of the interval; NaN below three',
  ),
  metric(
    'rewardProfitCorrelation',
    '1',
    'the same of mean reward and mean profit per tick of life, which age does not confound',
  ),
  metric(
    'heritability',
    '1',
    'slope of offspring on parent in profit per tick of life, both mature and living; NaN below three pairs',
  ),
] as const satisfies readonly Metric[];
export type PopulationMetricName = (typeof POPULATION_METRICS)[number]['name'];

/** Index of a metric in a frame's `metrics`. */
export const METRIC_INDEX = Object.fromEntries(METRICS.map((m, k) => [m.name, k])) as Record<
  MetricName,
  number
>;
/** Place of each population metric in a population's row, by name. */
export const POPULATION_METRIC_INDEX = Object.fromEntries(
  POPULATION_METRICS.map((m, k) => [m.name, k]),
) as Record<PopulationMetricName, number>;
/** Agents older than this many ticks count as mature. */
export const MATURITY_TICKS = 2000;
