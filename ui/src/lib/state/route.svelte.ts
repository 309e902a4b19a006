// Where the window is: a hash, so that reload and back work in the app and in a browser.

const PAGES = ['new', 'overview', 'templates', 'machine', 'studies', 'settings'] as const;

export type Route = { page: 'start' | (typeof PAGES)[number] } | { page: 'session'; id: string };

/** Reads a hash such as `#/session/abc`; anything unknown is the start. */
export function parseRoute(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, '').split('/');
  if (page === 'session' && id) return { page, id: decodeURIComponent(id) };
  const plain = PAGES.find((one) => one === page);
  if (plain) return { page: plain };
  return { page: 'start' };
}

export const hrefOf = (route: Route) =>
  route.page === 'start'
    ? '#/'
    : `#/${route.page}${'id' in route ? `/${encodeURIComponent(route.id)}` : ''}`;

class Router {
  now = $state<Route>(parseRoute(globalThis.location?.hash ?? ''));

  start(): void {
    addEventListener('hashchange', () => (this.now = parseRoute(location.hash)));
  }

  go(route: Route): void {
    location.hash = hrefOf(route);
    this.now = route;
  }
}

export const router = new Router();
