/** A self-contained HTML page: headings, paragraphs, tables and figures; nothing is loaded from elsewhere. */

/** HTML text of a value that is not markup. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A part of a page. */
export type Section =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      /** Empty where rows begin with what they are. */
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'figure'; readonly svg: string; readonly caption: string };

/** Custom properties of the page's colours, for light and dark. */
const COLOURS = `
:root { color-scheme: light dark;
  --page: light-dark(#f6f6f3, #101214); --card: light-dark(#fff, #181b1e); --ink: light-dark(#1b1e22, #e8e9eb);
  --muted: light-dark(#5b626b, #9da5ae); --grid: light-dark(#e6e6e1, #2a2e33);
  --c0: light-dark(#0b6bb5, #5aaef0); --c1: light-dark(#c94f00, #f28c4b); --c2: light-dark(#00805f, #3cc79e);
  --c3: light-dark(#a8468a, #e094c2); --c4: light-dark(#a87800, #edbb45); --c5: light-dark(#3a94c6, #8fd0f5);
  --c6: light-dark(#69707a, #aab2bb); --c7: light-dark(#7b4a2b, #cba27e); }
`;

const STYLE = `${COLOURS}
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 960px; background: var(--page); color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; } p { margin: 8px 0; max-width: 75ch; }
figure, .table { margin: 12px 0; padding: 16px; background: var(--card); border-radius: 10px; overflow-x: auto; }
figcaption { color: var(--muted); font-size: 13px; margin-top: 8px; }
svg { width: 100%; height: auto; min-width: 520px; font: 12px ui-sans-serif, system-ui, sans-serif; }
svg text { fill: var(--muted); } svg .axis { stroke: var(--muted); } svg .empty { fill: var(--grid); fill-opacity: 0.5; }
 svg .legend, svg .label { fill: var(--ink); } svg .grid { stroke: var(--grid); }
table { border-collapse: collapse; width: 100%; } th { text-align: left; color: var(--muted); font-weight: 600; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
.warning { padding: 8px 12px; border-left: 4px solid var(--c1); background: var(--card); max-width: none; }
pre { padding: 12px 16px; background: var(--card); border-radius: 10px; overflow-x: auto; font-size: 13px; }
ul { margin: 8px 0; padding-left: 20px; max-width: 75ch; }
tr:last-child td { border-bottom: 0; } .muted { color: var(--muted); }
`;

function sectionHtml(section: Section): string {
  switch (section.kind) {
    case 'heading':
      return `<h2>${escapeHtml(section.text)}</h2>`;
    case 'text':
      return `<p>${escapeHtml(section.text)}</p>`;
    case 'warning':
      return `<p class="warning">${escapeHtml(section.text)}</p>`;
    case 'code':
      return `<pre>${escapeHtml(section.text)}</pre>`;
    case 'list':
      return `<ul>${section.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
    case 'table': {
      const cells = (tag: string, row: readonly string[]): string =>
        `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
      const head = section.head.length === 0 ? '' : `<thead>${cells('th', section.head)}</thead>`;
      return `<div class="table"><table>${head}<tbody>${section.rows
        .map((row) => cells('td', row))
        .join('')}</tbody></table></div>`;
    }
    case 'figure':
      return `<figure>${section.svg}<figcaption>${escapeHtml(section.caption)}</figcaption></figure>`;
  }
}

/** The page's text. */
export function htmlPage(title: string, subtitle: string, sections: readonly Section[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="muted">${escapeHtml(subtitle)}</p>
${sections.map(sectionHtml).join('\n')}
</body>
</html>
`;
}

/** Rules of the page that a figure needs outside of it. */
const FIGURE_STYLE = `${COLOURS}
text { fill: var(--muted); font: 12px ui-sans-serif, system-ui, sans-serif; } .legend, .label { fill: var(--ink); }
.grid { stroke: var(--grid); } .axis { stroke: var(--muted); } .empty { fill: var(--grid); fill-opacity: 0.5; }
svg { background: var(--card); }
`;

/** A figure as a file of its own, which carries its style. */
export const standaloneSvg = (svg: string): string =>
  `${svg.replace(/^<svg [^>]*>/, (tag) => `${tag}<style>${FIGURE_STYLE}</style>`)}\n`;
