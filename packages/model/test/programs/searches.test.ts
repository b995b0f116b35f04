import { openModel, openSearcher } from "@nightbeam/model";
import { describeSearcher, type ScorerSettings } from "@nightbeam/testing/conformance";

const local = ({ directory, ...settings }: ScorerSettings) => ({
  ...settings,
  directory,
  precision: "fp32" as const,
  // Nothing is converted: float32 checkpoints run as they are.
  cacheDirectory: directory,
  workers: 1,
  threads: 1,
});

const openScorer = (settings: ScorerSettings) => openModel({ ...local(settings), cacheBytes: 0 });

describeSearcher("whole searches in worker threads", {
  open: (settings) => openSearcher(local(settings)),
  openScorer,
  batchInvariant: true,
});

describeSearcher("whole searches with drafted trees", {
  open: (settings) => openSearcher({ ...local(settings), program: "verify-tree" }),
  openScorer,
  batchInvariant: true,
  drafting: true,
});
