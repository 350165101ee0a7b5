/** Begins a run in a worker and makes it what this page shows; a bar offers others. Before main.ts is run. */
import { steer } from '../steer.ts';
import { useTransport } from '../transport.ts';
import { FIRST_PRESET, type ToWorker } from './messages.ts';
import { WorkerTransport } from './workerTransport.ts';

const BAR = `<p class="try-about">This economy runs in your browser: no server, the same engine and the same results as
  <code>darwin run</code>.</p>
  <label class="field"><span>Preset</span><select name="preset" id="try-preset"></select></label>
  <label class="field"><span>Seed</span><input type="text" name="seed" id="try-seed" placeholder="as in the preset" autocomplete="off" maxlength="100" size="14" /></label>
  <button type="submit" id="try-start">Start</button>`;

const address = new URLSearchParams(location.search);
const asked = address.get('preset') ?? FIRST_PRESET;
const seed = address.get('seed') ?? '';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'economy' });
useTransport(new WorkerTransport(worker));
const begin: ToWorker = { type: 'begin', preset: asked, seed };
worker.postMessage(begin);

/** A form whose address is the run: submitting it opens the page anew, with nothing left of the run before. */
const bar = document.createElement('form');
bar.className = 'try';
bar.setAttribute('aria-label', 'Run another economy in this browser');
bar.innerHTML = BAR;
const select = bar.querySelector<HTMLSelectElement>('#try-preset')!;
select.replaceChildren(new Option(asked, asked));
const input = bar.querySelector<HTMLInputElement>('#try-seed')!;
input.value = seed;
bar.onsubmit = () => {
  // an empty seed is the preset's own
  input.disabled = input.value.trim() === '';
};
document.querySelector('.toolbar')!.before(bar);
for (const [id, title] of [
  ['stop', 'Ends the run here; it can go on'],
  ['reset', 'The same config from its first tick, paused'],
] as const)
  document.getElementById(id)!.title = title;

void steer.presets().then((presets) => {
  const known = presets.some(({ name }) => name === asked) ? asked : FIRST_PRESET;
  select.replaceChildren(
    ...presets.map(({ name, description }) => {
      const option = new Option(name, name);
      option.title = description;
      return option;
    }),
  );
  select.value = known;
  if (known !== asked)
    bar.querySelector('.try-about')!.textContent =
      `There is no preset ${asked.slice(0, 60)}; this is ${known}.`;
});
