// Where the window is: a hash, so that reload and back work in the app and in a browser.

export type Route =
  | { page: 'start' | 'new' | 'overview' | 'templates' | 'machine' }
  | { page: 'session'; id: string };

/** Reads a hash such as `#/session/abc`; anything unknown is the start. */
export function parseRoute(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, '').split('/');
  if (page === 'session' && id) return { page, id: decodeURIComponent(id) };
  if (page === 'new' || page === 'overview' || page === 'templates' || page === 'machine')
    return { page };
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
