import { expect, it } from "vitest";
import { ledClock } from "../src/clock.js";

it("a clock that is told the time is right whatever the machine's clock shows or is set to", () => {
  let local = 5_000_000;
  let elapsed = 0;
  const clock = ledClock({ now: () => local }, () => elapsed);
  expect(clock.now()).toBe(5_000_000);
  clock.learn(1_000);
  elapsed = 50;
  local = -3;
  expect(clock.now()).toBe(1_050);
});
