/** The value of every setting that is not given. */
export const DEFAULTS = {
  topK: 10,
  /** At least `topK`; exactly `topK` if lists are sampled. */
  beamWidth: 20,
  scoring: "full",
  precision: "fp32",
  verification: "strict",
  seed: 0,
  temperature: 1,
  drafted: "sampled",
  draftWidth: "auto",
  search: "auto",
  excludeSeen: false,
  unknownItems: "skip",
  duplicateUsers: "last",
  format: "parquet",
  layout: "nested",
  batchSize: 32,
  answers: "keep",
  /** Users per part on one machine. */
  partSize: 4096,
  /** Users per part in a cluster, where a part is what a lost node costs. */
  clusterPartSize: 256,
  /** Users per part whose searches are recorded, on one machine. */
  sampleSearches: 8,
  /** The same in a cluster, where parts are smaller. */
  clusterSampleSearches: 2,
  /** GiB per worker on a CPU. */
  promptCache: 1,
  /** Share of the users, if there is a teacher log. */
  teacherSample: 0.05,
} as const;
