/** The colours of the style sheet for a canvas, which cannot read it. */
import { interpolateCividis, rgb } from 'd3';

let known: { theme: string; colours: Map<string, string> } | null = null;

/** The computed colour of a variable such as `c0`, `ink` or `muted`, in the theme in force. */
export function colourOf(name: string): string {
  const theme = `${document.documentElement.dataset.theme}${matchMedia('(prefers-color-scheme: dark)').matches}`;
  if (known?.theme !== theme) known = { theme, colours: new Map() };
  let colour = known.colours.get(name);
  if (colour === undefined) {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    colour = getComputedStyle(probe).color;
    probe.remove();
    known.colours.set(name, colour);
  }
  return colour;
}

/** Cividis, which people with and without colour blindness see alike (Nunez, Anderton and Renslow 2018). */
export const shadeOf = (share: number): string =>
  interpolateCividis(0.08 + 0.92 * Math.min(1, Math.max(0, share)));

/** Red, green and blue of a CSS colour, 0 to 255. */
export function channelsOf(colour: string): readonly [number, number, number] {
  const { r, g, b } = rgb(colour);
  return [r, g, b];
}
