import { FakeTime } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { Leases } from "../src/jobs/leases.js";

const LOCK_MS = 1_000;

function setup() {
  const clock = new FakeTime();
  const leases = new Leases({ lockMs: LOCK_MS, clock });
  const lost: string[] = [];
  const take = (id: string) => leases.take(id, (detail) => lost.push(`${id}: ${detail}`));
  return { clock, leases, lost, take };
}

describe("a lease", () => {
  it("is held for as long as a lock lasts, and longer with every renewal", async () => {
    const { clock, leases, lost, take } = setup();
    const lease = take("a");
    await clock.advance(900);
    leases.renew(["a", "somebody's"]);
    await clock.advance(900);
    leases.check();
    expect(lease.isHeld).toBe(true);
    await clock.advance(100);
    expect(lease.isHeld).toBe(false);
    expect(lost).toEqual([]);
    leases.check();
    leases.check();
    expect(lost).toEqual(["a: Redis confirmed no renewal for 1000 ms"]);
  });

  it("is lost at once if Redis refuses to renew it, and no renewal restores it", () => {
    const { leases, lost, take } = setup();
    const [a, b] = [take("a"), take("b")];
    leases.lose(["a"], "refused");
    leases.renew(["a"]);
    expect([a.isHeld, b.isHeld]).toEqual([false, true]);
    expect(lost).toEqual(["a: refused"]);
  });

  it("is lost if the queue delivers the job again, and the new one is held", () => {
    const { leases, lost, take } = setup();
    const first = take("a");
    const second = take("a");
    expect([first.isHeld, second.isHeld]).toEqual([false, true]);
    expect(lost).toHaveLength(1);
    first.release();
    leases.renew(["a"]);
    expect(second.isHeld).toBe(true);
  });

  it("that was released is not lost", async () => {
    const { clock, leases, lost, take } = setup();
    take("a").release();
    await clock.advance(2 * LOCK_MS);
    leases.check();
    leases.loseAll("stuck");
    expect(lost).toEqual([]);
  });
});
