import fc from "fast-check";
import { expect, test } from "vitest";
import { NodeTime, type WorkTime } from "../src/decode/node-time.js";

test("NodeTime gives one piece of work all of the time, and two a half each", () => {
  let now = 0;
  const time = new NodeTime(() => now);
  const first = time.start();
  now = 10;
  const second = time.start();
  now = 20;
  expect(first.end()).toBe(15);
  now = 25;
  expect(second.end()).toBe(10);
  now = 40;
  expect(first.end()).toBe(15);
});

test("the shares sum to the time in which there was work", () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 50 }), starts: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let [now, busy, sum] = [0, 0, 0];
      const time = new NodeTime(() => now);
      const running: WorkTime[] = [];
      for (const { ms, starts } of steps) {
        now += ms;
        if (running.length > 0) busy += ms;
        if (starts) running.push(time.start());
        else sum += running.shift()?.end() ?? 0;
      }
      for (const one of running) sum += one.end();
      expect(sum).toBeCloseTo(busy, 6);
    }),
  );
});
