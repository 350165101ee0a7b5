/** A line over the page, so that nothing moves: what went wrong or has ended, and what can be done. */
export type NoticeKind = 'info' | 'good' | 'bad';

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

export function notice(kind: NoticeKind, text: string, action: string, act: () => void): void {
  const element = byId('notice');
  element.dataset.kind = kind;
  element.setAttribute('role', kind === 'bad' ? 'alert' : 'status');
  element.hidden = false;
  byId('notice-text').textContent = text;
  const button = byId<HTMLButtonElement>('notice-action');
  button.textContent = action;
  button.onclick = act;
}

export const hideNotice = (): void => {
  byId('notice').hidden = true;
};
