/** Numbers behind a figure. */
export interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string)[])[];
}

/** What the page asks of every figure: take a width, draw the store, follow the cursor. */
export interface Figure {
  resize(width: number): void;
  draw(): void;
  /** The cursor moved and nothing else changed. */
  drawCursor(): void;
  /** The numbers that are drawn. */
  sheet(): Sheet;
  /** The drawing to save, where it is not the card's only SVG. */
  picture?(): SVGSVGElement | null;
}

/** Says in place of a drawing why there is none; null takes the words away. */
export function setEmpty(plot: HTMLElement, words: string | null): void {
  const shown = plot.querySelector<HTMLElement>('.empty');
  if (words === null) shown?.remove();
  else if (shown === null) {
    const element = document.createElement('p');
    element.className = 'empty';
    element.textContent = words;
    plot.append(element);
  } else shown.textContent = words;
}
