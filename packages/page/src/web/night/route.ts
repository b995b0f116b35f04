/** What the page shows. It is in the address after `#`, so that back, forward and bookmarks work. */
export type Route =
  | { readonly view: "overview" }
  | { readonly view: "runs" }
  | { readonly view: "run"; readonly runId: string; readonly shard?: number }
  | { readonly view: "user"; readonly runId: string; readonly user: string }
  | { readonly view: "nights" }
  | { readonly view: "nodes" }
  | { readonly view: "alarms" };

/** The route in an address. Unknown ones are the overview. */
export function parseRoute(hash: string): Route {
  const [view = "", runId = "", part, detail] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decoded);
  if (view === "nights" || view === "nodes" || view === "alarms") return { view };
  if (view !== "runs") return { view: "overview" };
  if (runId === "") return { view: "runs" };
  if (part === "users" && detail !== undefined && detail !== "") {
    return { view: "user", runId, user: detail };
  }
  const isShard = part === "shards" && /^\d{1,9}$/.test(detail ?? "");
  return { view: "run", runId, ...(isShard ? { shard: Number(detail) } : {}) };
}

/** The address of a route. */
export function linkTo(route: Route): string {
  if (route.view === "overview") return "#/";
  if (route.view === "run") {
    const shard = route.shard === undefined ? "" : `/shards/${route.shard}`;
    return `#/runs/${encodeURIComponent(route.runId)}${shard}`;
  }
  if (route.view === "user") {
    return `#/runs/${encodeURIComponent(route.runId)}/users/${encodeURIComponent(route.user)}`;
  }
  return `#/${route.view}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
