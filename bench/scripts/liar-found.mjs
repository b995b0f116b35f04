// How probably audits find a verifier that lies in some of its calls, within a night:
//
//   node bench/scripts/liar-found.mjs [--calls 40000] [--rate 0.01] [--lies 0.01] [--verifiers 2] [--seeds 50]
//
// One of the verifiers lies in a share of the calls that it answers, in a way that passes all checks, also when it is
// asked as the second one. A night of a million users in batches of 64, with about 2.5 calls each, has some 40,000 calls.
//
// Computed: the liar answers 1/n of the calls, and each is audited with probability `rate` and a lie with probability
// `lies`; it is also the second verifier of 1/n of all audits. So a call finds it with probability 2/n * rate * lies.
// Then the same with the client's own code for asking and auditing, over links that are scripted, for many seeds.
import { parseArgs } from "node:util";
import { askVerifiers } from "../../packages/protocol/dist/client/asking.js";
import { JobAnswers } from "../../packages/protocol/dist/client/audit/job-answers.js";
import { clientLimitsOf } from "../../packages/protocol/dist/client/client-limits.js";
import { RetryBudget } from "../../packages/protocol/dist/client/retry-budget.js";
import { StatisticsCounter } from "../../packages/protocol/dist/client/statistics.js";
import { TrustBook } from "../../packages/protocol/dist/client/trust/trust-book.js";
import { noMetrics, noTracing } from "../../packages/telemetry/dist/index.js";
import { seeded } from "../../testing/dist/index.js";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "40000" },
    rate: { type: "string", default: "0.01" },
    lies: { type: "string", default: "0.01" },
    verifiers: { type: "string", default: "2" },
    seeds: { type: "string", default: "50" },
  },
});
const [calls, rate, lies, verifiers, seeds] = Object.values(values).map(Number);

function computed(night) {
  return 1 - (1 - (2 / verifiers) * rate * lies) ** night;
}

/** Verifiers that answer at once, of which the first lies; the least used one is asked. */
class ScriptedLinks {
  constructor(random, trust) {
    this.links = Array.from({ length: verifiers }, (_, at) => ({
      id: `v${at}`,
      answer: (call) => (at === 0 && random() < lies ? -1 - call : call),
      heedTrust: () => undefined,
      distrust: () => undefined,
    }));
    this.random = random;
    this.trust = trust;
    this.ids = this.links.map(({ id }) => id);
  }
  usable(avoid) {
    return this.links.filter(({ id }) => !avoid.has(id) && this.trust.distrustedForMs(id) === 0);
  }
  get(id) {
    return this.links.find((link) => link.id === id);
  }
  lease({ avoid }) {
    const usable = this.usable(avoid);
    const link = usable[Math.floor(this.random() * usable.length)];
    return link === undefined ? undefined : { link, end: () => undefined };
  }
  mayOthersAnswer(avoid) {
    return this.usable(avoid).length > 0;
  }
  busyForMs() {
    return undefined;
  }
  describe() {
    return "";
  }
}

function exchangeOf(call) {
  return {
    tokens: 1,
    home: undefined,
    send: async (link) => ({ response: { tokens: [1], answer: link.answer(call) } }),
    read: ({ answer }) => [answer],
    difference: ([a], [b]) => (a === b ? undefined : `${a} and ${b}`),
  };
}

/** A night of one seed. @returns the call at which the liar was found, and who was distrusted */
async function night(seed) {
  const random = seeded(seed);
  const blamed = [];
  const trust = new TrustBook({ onDistrust: ({ verifier }) => blamed.push(verifier) });
  const limits = clientLimitsOf();
  const setup = {
    links: new ScriptedLinks(random, trust),
    limits,
    budget: new RetryBudget({ burst: 100, perSecond: 10, now: Date.now() }),
    statistics: new StatisticsCounter(noMetrics),
    tracing: noTracing,
    trust,
    auditing: { rate, draw: random, onAlone: () => undefined },
  };
  const task = { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY };
  const answers = new JobAnswers(trust);
  for (let call = 1; call <= calls; call++) {
    const exchange = exchangeOf(call);
    const first = await askVerifiers(setup, { exchange, task });
    answers.add(setup, {
      verifier: first.verifier,
      call: (work) => work({ exchange, task, first }),
    });
    if (call % 20 === 0) await answers.settle().catch(() => undefined);
    if (blamed.length > 0) return { found: call, blamed, audits: setup.statistics.sums.audits };
  }
  return { found: undefined, blamed, audits: setup.statistics.sums.audits };
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;
console.log(
  `rate ${rate}, lies in ${percent(lies)} of its calls, 1 of ${verifiers} verifiers lies`,
);
for (const size of [1_000, 5_000, 10_000, 20_000, 40_000, 100_000]) {
  console.log(`computed, a night of ${size} calls: found with ${percent(computed(size))}`);
}
const nights = [];
for (let seed = 1; seed <= seeds; seed++) nights.push(await night(seed));
const found = nights.flatMap((one) => one.found ?? []).sort((a, b) => a - b);
const wrong = nights.filter(({ blamed }) => blamed.some((id) => id !== "v0"));
console.log(
  `${seeds} seeds, nights of ${calls} calls: found in ${found.length} (${percent(found.length / seeds)}; ` +
    `computed ${percent(computed(calls))}), at call ${found[found.length >> 1]} in the median and ` +
    `${found.at(-1)} at the latest; an honest one was suspected in ${wrong.length}`,
);
