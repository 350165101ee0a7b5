/** Every law of the economy: how often it was checked, when last, and whether it holds. */
import type { PageContext, View } from '../context.ts';
import { drawLaws } from '../lawTable.ts';

const INTRODUCTION =
  'Each law is recomputed from balances while the run goes on; a broken one stops the run and says where. The margin is the nearest that a law has come to its limit, as far as it was looked at (every 128 ticks, at first every 16); of amounts that must be equal it is the difference that was found.';

export function lawsView(host: HTMLElement, { store }: PageContext): View {
  const section = document.createElement('section');
  section.setAttribute('aria-labelledby', 'laws-title');
  section.innerHTML = `<h2 id="laws-title">Laws of the economy</h2>
    <div class="card">
      <p class="help">${INTRODUCTION}</p>
      <p class="verdict" id="verdict" role="status"></p>
      <table class="laws" role="table" aria-labelledby="laws-title">
        <thead role="rowgroup"><tr role="row">
          <th scope="col" role="columnheader">Law</th><th scope="col" role="columnheader" class="number">Checks</th>
          <th scope="col" role="columnheader" class="number">Last tick</th><th scope="col" role="columnheader" class="margin">Margin</th>
          <th scope="col" role="columnheader" class="state">State</th>
        </tr></thead>
        <tbody id="laws" role="rowgroup"><tr><td colspan="5" class="none">No check has been reported yet.</td></tr></tbody>
      </table>
    </div>`;
  host.append(section);
  const body = section.querySelector<HTMLElement>('#laws')!;
  const verdict = section.querySelector<HTMLElement>('#verdict')!;
  return {
    draw: () => {
      const laws = store.laws?.laws ?? [];
      if (laws.length === 0) return;
      drawLaws(body, laws);
      const broken = laws.filter((law) => law.violated !== null).length;
      const checks = laws.reduce((sum, law) => sum + law.checks, 0);
      verdict.dataset.state = broken > 0 ? 'violated' : checks === 0 ? 'waiting' : 'holds';
      verdict.textContent =
        broken > 0
          ? `${broken} of ${laws.length} laws broken`
          : checks === 0
            ? `${laws.length} laws, none checked yet`
            : `${laws.length} laws, ${checks.toLocaleString('en')} checks, none broken`;
    },
    close: () => {},
  };
}
