import type { Metrics } from "@nightbeam/telemetry";
import type { ProgramLanes } from "../lanes/lanes-options.js";
import type { Target } from "./load-target.js";

/** Exports what waits and runs, and how the models' memory of prompts is used. */
export function observeLoad(
  metrics: Metrics,
  { lanes, target }: { readonly lanes: ProgramLanes; readonly target: Target },
): void {
  metrics.observe((set) => {
    set("nightbeam.verifier.rows", lanes.waitingTokens, { state: "waiting" });
    set("nightbeam.verifier.rows", lanes.runningTokens, { state: "running" });
    const uses = target.programs.flatMap((opened) =>
      opened.program === "tree-scores" ? opened.workers.map(({ cacheUse }) => cacheUse) : [],
    );
    const sum = (of: (use: (typeof uses)[number]) => number) =>
      uses.reduce((total, use) => total + of(use), 0);
    const hits = sum((use) => use.hits);
    const misses = sum((use) => use.misses);
    set("nightbeam.verifier.prompts", hits, { cache: "hit" });
    set("nightbeam.verifier.prompts", misses, { cache: "miss" });
    set(
      "nightbeam.verifier.prompt_cache.evictions",
      sum((use) => use.evictions),
    );
    set(
      "nightbeam.verifier.prompt_cache.usage",
      sum((use) => use.bytes),
    );
  });
}
