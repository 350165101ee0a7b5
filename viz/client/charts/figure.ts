/** What the page asks of every figure: take a width, draw the store, follow the cursor. */
export interface Figure {
  resize(width: number): void;
  draw(): void;
  /** The cursor moved and nothing else changed. */
  drawCursor(): void;
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
