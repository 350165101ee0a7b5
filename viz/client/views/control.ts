/** Starts runs from a preset or an edited config, and changes numbers of the one under way. */
import type { Checked, ConfigRequest, Preset } from '../../controlApi.ts';
import type { PageContext, View } from '../context.ts';
import { choice, setText } from '../controls.ts';
import { DataError } from '../data.ts';
import { ChangeForm } from '../form/changeForm.ts';
import { ConfigForm } from '../form/configForm.ts';
import { textOf } from '../form/setting.ts';
import { formatCount, formatValue } from '../format.ts';
import { steer } from '../steer.ts';

/** What was changed is checked after so long without another change. */
const CHECK_MS = 300;

const NEW_RUN = `<h2 id="start-title">Start a run</h2>
  <div class="card">
    <p class="help">From a preset, with any of its values changed; several values between commas make arms.</p>
    <div class="group view-controls" id="start-row">
      <button type="button" class="primary" id="start">Start</button>
      <button type="button" id="start-paused">Set up, paused</button>
      <label class="field"><span>Find</span><input type="search" id="find" placeholder="energy, demand, trust" autocomplete="off" /></label>
    </div>
    <p class="verdict" id="start-said" role="status"></p>
    <div id="form"></div>
    <details class="section" id="as-text"><summary><span class="section-name">as text</span>
      <span class="help">The config as YAML, to be edited; what is changed above stands over it.</span></summary>
      <textarea id="text" rows="18" spellcheck="false" aria-label="Config as YAML"></textarea></details>
    <p class="help">On a command line:</p>
    <pre id="command" tabindex="0" role="region" aria-label="The same run on a command line"></pre>
  </div>`;

/** The words of a shell, quoted where it would read them otherwise. */
const quoted = (word: string): string =>
  /^[\w.,:=/@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

class NewRun {
  private readonly context: PageContext;
  private readonly host: HTMLElement;
  private presets: readonly Preset[] = [];
  private preset = '';
  private form: ConfigForm | null = null;
  private due: number | undefined;
  /** Counts the checks, so that an answer that is late says nothing. */
  private asked = 0;

  constructor(host: HTMLElement, context: PageContext) {
    this.host = host;
    this.context = context;
    host.innerHTML = NEW_RUN;
    this.by<HTMLInputElement>('find').oninput = (event) =>
      this.form?.find((event.target as HTMLInputElement).value);
    this.by('start').onclick = () => void this.start(false);
    this.by('start-paused').onclick = () => void this.start(true);
    this.text.oninput = () => this.later();
    void this.open();
  }

  close(): void {
    clearTimeout(this.due);
  }

  private by<T extends HTMLElement = HTMLElement>(id: string): T {
    return this.host.querySelector<T>(`#${id}`)!;
  }
  private get text(): HTMLTextAreaElement {
    return this.by<HTMLTextAreaElement>('text');
  }

  private async open(): Promise<void> {
    this.say('waiting', 'Reading the presets.');
    await this.guard(async () => {
      const [presets, schema] = await Promise.all([steer.presets(), steer.schema()]);
      this.presets = presets;
      const names = presets.map(({ name }) => [name, name] as const);
      const { element, select } = choice('Preset', names, 'quickstart', (name) => this.take(name));
      select.id = 'preset';
      this.by('start-row').prepend(element);
      this.form = new ConfigForm(this.by('form'), schema, () => this.later());
      this.take(select.value);
    });
  }

  private take(name: string): void {
    this.preset = name;
    this.text.value = this.presets.find((preset) => preset.name === name)?.text ?? '';
    this.form?.show({}, false);
    void this.check(false);
  }

  private later(): void {
    clearTimeout(this.due);
    this.due = window.setTimeout(() => void this.check(true), CHECK_MS);
    this.drawCommand();
  }

  private get request(): ConfigRequest {
    const preset = this.presets.find(({ name }) => name === this.preset);
    const edited = preset?.text !== this.text.value;
    return {
      text: this.text.value,
      name: edited ? 'config' : `configs/${this.preset}.yaml`,
      overrides: this.form?.overrides ?? [],
    };
  }

  private drawCommand(): void {
    const { name, overrides } = this.request;
    const sets = overrides.map(({ path, value }) => {
      const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(value);
      return `--set ${quoted(`${path}=${text}`)}`;
    });
    setText(
      this.by('command'),
      ['npx darwin run', name === 'config' ? 'config.yaml' : name, ...sets].join(' '),
    );
  }

  /** @param keep whether what was changed stays */
  private async check(keep: boolean): Promise<void> {
    const mine = ++this.asked;
    this.drawCommand();
    await this.guard(async () => {
      const checked = await steer.check(this.request);
      if (mine !== this.asked) return;
      this.form?.show(checked.values, keep);
      this.form?.accept();
      this.say('holds', summaryOf(checked));
    }, mine);
  }

  private async start(paused: boolean): Promise<void> {
    clearTimeout(this.due);
    const mine = ++this.asked;
    this.say('holds', 'Setting up the run.');
    await this.guard(async () => {
      const { run } = await steer.start({ ...this.request, paused });
      this.context.go({ run, view: 'overview', tick: null, show: null, agent: null });
    }, mine);
  }

  /** Says what is wrong, beside the key that it is about where there is one. */
  private async guard(work: () => Promise<void>, mine = this.asked): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (mine !== this.asked) return;
      this.form?.refuse(error.path, error.message);
      this.say('violated', error.message);
    }
  }

  private say(state: 'waiting' | 'holds' | 'violated', words: string): void {
    const said = this.by('start-said');
    said.dataset.state = state;
    setText(said, words);
    const wrong = state === 'violated';
    this.by<HTMLButtonElement>('start').disabled = wrong && this.form === null;
  }
}

function summaryOf({ arms, worlds, slots, ticks, bytes }: Checked): string {
  const some = (count: number, thing: string): string =>
    `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;
  const shape = arms.length > 1 ? `${some(arms.length, 'arm')}, ` : '';
  return `${shape}${some(worlds, 'world')} of ${some(slots, 'slot')}, ${some(ticks, 'tick')}, ${formatValue(bytes / 2 ** 20)} MiB`;
}

export function controlView(host: HTMLElement, context: PageContext): View {
  const under = document.createElement('section');
  under.setAttribute('aria-labelledby', 'change-title');
  under.innerHTML = `<h2 id="change-title">Change the run under way</h2>
    <div class="card"><p class="help">Prices, fees, rates, probabilities and demands can change between two ticks. What is changed is
    recorded, so that the run can be reproduced.</p><div id="change"></div></div>`;
  const start = document.createElement('section');
  start.setAttribute('aria-labelledby', 'start-title');
  host.append(under, start);
  const change = new ChangeForm(under.querySelector('#change')!, context);
  const newRun = new NewRun(start, context);
  return {
    draw: () => {},
    close: () => {
      change.close();
      newRun.close();
    },
  };
}
