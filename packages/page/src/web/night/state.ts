import type { RoleName, Session } from "@nightbeam/api";
import { type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Live, openLive } from "./live.js";
import { ask } from "./requests.js";
import { parseRoute, type Route } from "./route.js";

const ROLES: readonly RoleName[] = ["read", "submit", "admin"];

/** What the whole page knows and does. */
export interface PageState {
  /** Undefined until it is known; without a role: the login is shown. */
  readonly session: Signal<Session | undefined>;
  readonly route: Signal<Route>;
  /** Undefined without a login. */
  readonly live: Signal<Live | undefined>;
  /** What happened last, for a short time, also for screen readers. */
  readonly notice: Signal<string>;
  /** Reads who one is, and connects or shows the login. @throws RequestError */
  enter(): Promise<void>;
  /** @throws RequestError */
  leave(): Promise<void>;
  /** Whether one may do what needs this role. */
  may(role: RoleName): boolean;
}

export interface PageStateOptions {
  readonly window: Window;
  /** Identifies the version of this page. */
  readonly page: string;
}

export function pageState({ window, page }: PageStateOptions): PageState {
  const session = signal<Session | undefined>(undefined);
  const route = signal<Route>(parseRoute(window.location.hash));
  const live = signal<Live | undefined>(undefined);
  const notice = signal("");
  const read = () => ask<Session>({ method: "GET", path: "/v1/session" });
  const enter = async () => {
    session.value = await read();
    if (session.value.role === null) {
      live.value?.close();
      live.value = undefined;
      return;
    }
    live.value ??= openLive({
      page,
      open: (path) => new EventSource(path),
      // While the scheduler is away, the session is unknown and the page stays.
      onRefused: () => void enter().catch(() => undefined),
      onNewPage: () => window.location.reload(),
    });
  };
  window.addEventListener("hashchange", () => {
    route.value = parseRoute(window.location.hash);
  });
  return {
    ...{ session, route, live, notice, enter },
    leave: async () => {
      await ask({ method: "DELETE", path: "/v1/session" });
      await enter();
    },
    may: (role) => {
      const own = session.value?.role ?? null;
      return own !== null && ROLES.indexOf(own) >= ROLES.indexOf(role);
    },
  };
}

const Context = createContext<PageState | undefined>(undefined);

export const PageProvider = Context.Provider;

export function usePage(): PageState {
  const state = useContext(Context);
  if (state === undefined) throw new Error("the component is outside of the page");
  return state;
}

const LiveContext = createContext<Live | undefined>(undefined);

export const LiveProvider = LiveContext.Provider;

/** What the scheduler last said; only after the login. */
export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error("the component is shown only after the login");
  return live;
}
