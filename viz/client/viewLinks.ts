/** The row of links between the views; it scrolls where it is longer than the page is wide. */
import { type Place, VIEWS, type ViewName } from './place.ts';

/** Room left beside the shown view's link, where its neighbour begins to be seen. */
const LINK_ROOM_PX = 40;

export class ViewLinks {
  private readonly nav = document.getElementById('views') as HTMLElement;
  private readonly place: Place;

  /** @param go called with the view whose link was followed */
  constructor(place: Place, go: (view: ViewName) => void) {
    this.place = place;
    for (const name of VIEWS) {
      const link = document.createElement('a');
      link.dataset.view = name;
      link.textContent = name[0]!.toUpperCase() + name.slice(1);
      link.onclick = (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(name);
      };
      this.nav.append(link);
    }
    this.nav.addEventListener('scroll', () => this.markMore(), { passive: true });
    addEventListener('resize', () => this.reveal());
  }

  /** Addresses follow the place, so that any link can be opened in a new tab; views that are not to be had are hidden. */
  draw(isHidden: (view: ViewName) => boolean): void {
    for (const link of this.links()) {
      const name = link.dataset.view as ViewName;
      link.href = this.place.link({ view: name });
      link.hidden = isHidden(name);
    }
    this.mark();
  }

  /** Marks the link of the shown view, and brings it into sight. */
  mark(): void {
    for (const link of this.links()) {
      if (link.dataset.view === this.place.view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.reveal();
  }

  private links(): NodeListOf<HTMLAnchorElement> {
    return this.nav.querySelectorAll('a');
  }

  private reveal(): void {
    const { nav } = this;
    const link = nav.querySelector<HTMLElement>('a[aria-current]');
    if (link === null) return;
    const left = link.offsetLeft - nav.offsetLeft;
    const right = left + link.offsetWidth;
    if (left - LINK_ROOM_PX < nav.scrollLeft) nav.scrollLeft = left - LINK_ROOM_PX;
    else if (right + LINK_ROOM_PX > nav.scrollLeft + nav.clientWidth)
      nav.scrollLeft = right + LINK_ROOM_PX - nav.clientWidth;
    this.markMore();
  }

  /** Says on which sides of the row there are more. */
  private markMore(): void {
    const { nav } = this;
    const sides = [
      nav.scrollLeft > 1 ? 'left' : '',
      nav.scrollLeft + nav.clientWidth < nav.scrollWidth - 1 ? 'right' : '',
    ];
    nav.dataset.more = sides.filter((side) => side !== '').join(' ');
  }
}
