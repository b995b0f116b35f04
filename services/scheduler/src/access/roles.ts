/** What a token may do; each role may do what those before it may. */
export const ROLES = ["read", "submit", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role includes another one. */
export function includes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Routes under a run that discard results, for which `submit` is not enough. */
const DISCARDS = /\/(prune|redo)\/?$/;

/**
 * The role that a request needs: `read` to look, `submit` to start and control runs, `admin` for the rest: nights,
 * rollouts, clearing alarms, discarding results. A route that is unknown here needs `admin`.
 */
export function neededRole(method: string, path: string): Role {
  if (method === "GET" || method === "HEAD") return "read";
  const isRun = method === "POST" && /^\/v1\/runs(\/|$)/.test(path) && !DISCARDS.test(path);
  return isRun ? "submit" : "admin";
}
