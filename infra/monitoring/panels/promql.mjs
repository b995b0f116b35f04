// PromQL that several panels have in common.

export const rate = (name, by = "") => `sum${by} (rate(${name}[$__rate_interval]))`;

export const quantile = (q, name, by = "") =>
  `histogram_quantile(${q}, sum by (le${by}) (rate(${name}_bucket[$__rate_interval])))`;

/** The mean of a histogram. */
export const mean = (name) => `${rate(`${name}_sum`)} / ${rate(`${name}_count`)}`;

export const p50and95 = (name) => [
  [quantile(0.5, name), "median"],
  [quantile(0.95, name), "95%"],
];
