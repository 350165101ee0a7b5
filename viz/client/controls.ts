/** Small form controls that views share. */

/** A labelled list of choices; groups have a heading. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  changed: (value: string) => void,
): { readonly element: HTMLLabelElement; readonly select: HTMLSelectElement } {
  const element = document.createElement('label');
  element.className = 'field';
  const name = document.createElement('span');
  name.textContent = label;
  const select = document.createElement('select');
  select.replaceChildren(...options.map(([key, text]) => new Option(text, key)));
  select.value = options.some(([key]) => key === value) ? value : (options[0]?.[0] ?? '');
  select.onchange = () => changed(select.value);
  element.append(name, select);
  return { element, select };
}

/** A row of controls above the figures of a view. */
export function controlRow(label: string, ...controls: readonly Element[]): HTMLFieldSetElement {
  const row = document.createElement('fieldset');
  row.className = 'group view-controls';
  row.setAttribute('aria-label', label);
  row.append(...controls);
  return row;
}

/** Replaces text where it differs, so that a reader is not disturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
