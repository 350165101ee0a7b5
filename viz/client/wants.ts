/** Reward functions in words. */

/** What a positive weight on a feature wants, in the order of no list: by name. */
const WANTS: Readonly<Record<string, string>> = {
  wealthGain: 'to grow richer',
  skillGain: 'to learn a skill',
  profit: 'profit',
  fill: 'its orders filled',
  contractKept: 'to keep contracts',
  contractBreached: 'to break contracts',
  slashed: 'to be slashed',
  reputationGain: 'a better name',
  transferGiven: 'to give to children',
  relativeWealth: 'to be richer than others',
  novelty: 'something new',
  forecastError: 'surprise',
  computeSpent: 'to use compute',
  idle: 'to idle',
  survival: 'to be alive',
};
/** Weights of genomes have norm one; less than this is hardly heard beside the others. */
const HEARD = 0.2;
const MOST = 4;
const MINUS = '\u2212';

const weight = (value: number): string =>
  `${value < 0 ? MINUS : '+'}${Math.abs(value).toFixed(2).replace(/^0/, '')}`;
const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** Such as: Wants profit (+.81) and to learn a skill (+.35); avoids to idle (-.40). */
export function rewardInWords(features: readonly string[], genes: readonly number[]): string {
  const ranked = features
    .map((feature, f) => ({ feature, value: genes[f] ?? 0 }))
    .filter(({ value }) => Math.abs(value) >= HEARD)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, MOST);
  if (genes.every((value) => value === 0)) return 'Has no reward of its own.';
  if (ranked.length === 0) return 'Wants a little of everything, nothing much.';
  const say = (sign: number): string =>
    listed(
      ranked
        .filter(({ value }) => value * sign > 0)
        .map(({ feature, value }) => `${WANTS[feature] ?? feature} (${weight(value)})`),
    );
  const [wants, avoids] = [say(1), say(-1)];
  if (avoids === '') return `Wants ${wants}.`;
  return wants === '' ? `Dislikes ${avoids}.` : `Wants ${wants}; dislikes ${avoids}.`;
}
