import type { RecommendEvent } from "@nightbeam/recommend";
import { whole } from "@nightbeam/service/terminal";

/** An event of a run as a line for the terminal; progress has its bar. */
export function eventLine(event: Exclude<RecommendEvent, { kind: "progress" }>): string {
  switch (event.kind) {
    case "candidates": {
      const { users, items, unknown } = event;
      const ignored =
        unknown === 0
          ? ""
          : `; ${whole(unknown)} of them are ignored: the catalogue that is searched lacks them`;
      return `Candidates: ${whole(items)} items for ${whole(users)} users${ignored}.`;
    }
    case "other-drafts":
      return "This run was begun with other drafts, or none: its manifest names those. No list changes.";
    case "continued":
      return `Continuing: ${event.done} of ${event.total} users were done before.`;
    default:
      return event satisfies never;
  }
}
