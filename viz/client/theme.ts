/** Light, dark, or as the system has it; remembered on this machine. */
const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const KEY = 'darwin-market theme';
const SPOKEN: Readonly<Record<Theme, string>> = { auto: 'as the system', light: 'light', dark: 'dark' };

/**
 * Makes a button step through the themes.
 *
 * @param changed called when other colours are in force; a canvas does not follow the style sheet
 */
export function followTheme(button: HTMLButtonElement, changed: () => void): void {
  let theme = THEMES.find((t) => t === stored()) ?? 'auto';
  const apply = (): void => {
    document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    button.setAttribute('aria-label', `Colour theme: ${SPOKEN[theme]}`);
  };
  button.onclick = () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    apply();
    changed();
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Storage may be forbidden; the theme then lasts as long as the page.
    }
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  apply();
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
