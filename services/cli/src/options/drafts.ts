/** What `--draft` takes, for its help. */
export const DRAFTS =
  "a small checkpoint, transitions, retrieval, previous:RUN_DIR, candidates:FILE_OR_RUN, or several";
