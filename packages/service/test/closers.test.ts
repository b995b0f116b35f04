import { describe, expect, it } from "vitest";
import { Closers, openWith } from "../src/lifecycle/closers.js";

describe("closers", () => {
  const opened = () => {
    const closed: string[] = [];
    const errors: string[] = [];
    const closers = new Closers({
      onError: (part, error) => errors.push(`${part}: ${String(error)}`),
    });
    const add = (part: string) => closers.add(part, () => closed.push(part));
    return { closers, closed, errors, add };
  };

  it("close what was opened last first, once, and wait for each", async () => {
    const { closers, closed, add } = opened();
    add("a");
    closers.add("b", async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      closed.push("b");
    });
    add("c");
    await Promise.all([closers.close(), closers.close()]);
    await closers.close();
    expect(closed).toEqual(["c", "b", "a"]);
  });

  it("close all parts though some fail, and report each error", async () => {
    const { closers, closed, errors, add } = opened();
    add("a");
    closers.add("b", () => {
      throw new Error("stuck");
    });
    closers.add("c", () => Promise.reject(new Error("gone")));
    await closers.close();
    expect(closed).toEqual(["a"]);
    expect(errors).toEqual(["c: Error: gone", "b: Error: stuck"]);
  });

  it("close at once what is added while or after they close", async () => {
    const { closers, closed, add } = opened();
    closers.add("a", () => add("b"));
    await closers.close();
    expect(closed).toEqual(["b"]);
    add("c");
    await closers.close();
    expect(closed).toEqual(["b", "c"]);
  });

  it("close the parts of a group at the same time, in the place of the group", async () => {
    const { closers, closed, add } = opened();
    add("below");
    const group = closers.parallel("group");
    let finish = () => {};
    group.add("waits for the other", async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      closed.push("waited");
    });
    group.add("the other", () => finish());
    add("above");
    await closers.close();
    expect(closed).toEqual(["above", "waited", "below"]);
  });
});

describe("opening with closers", () => {
  it("closes what is open when a later part cannot be opened", async () => {
    const closed: string[] = [];
    const closers = new Closers({ onError: () => {} });
    const opening = openWith(closers, async () => {
      closers.add("a", () => closed.push("a"));
      closers.add("b", () => closed.push("b"));
      throw new Error("the port is taken");
    });
    await expect(opening).rejects.toThrow("the port is taken");
    expect(closed).toEqual(["b", "a"]);
  });

  it("leaves everything open when all parts are open", async () => {
    const closed: string[] = [];
    const closers = new Closers({ onError: () => {} });
    const opened = await openWith(closers, async () => {
      closers.add("a", () => closed.push("a"));
      return "opened";
    });
    expect(opened).toBe("opened");
    expect(closed).toEqual([]);
  });
});
