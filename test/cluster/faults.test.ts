import { afterAll, beforeAll, it } from "vitest";
import { drafterKilled, redisEmptied, verifierKilled } from "../faults/support/faults.js";
import { makeNight, type Night } from "../faults/support/night.js";
import { strike } from "../faults/support/strike.js";
import { describeClusters } from "./support/servers.js";

/** The quick faults; `npm run test:faults` has all of them. */
describeClusters("a run ends with the lists of one machine after", () => {
  let night: Night;
  beforeAll(async () => {
    night = await makeNight();
  });
  afterAll(() => night.remove());

  it(
    "SIGKILL of a drafter",
    () => strike(night, { name: "SIGKILL of a drafter", fault: drafterKilled }),
    300_000,
  );

  it(
    "SIGKILL of a verifier",
    () => strike(night, { name: "SIGKILL of a verifier", fault: verifierKilled }),
    300_000,
  );

  it(
    "FLUSHALL",
    () =>
      strike(night, {
        name: "FLUSHALL",
        fault: redisEmptied,
      }),
    300_000,
  );
});
