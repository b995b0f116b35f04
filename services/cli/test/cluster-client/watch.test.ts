import { expect, test } from "vitest";
import { type Screen, watch } from "../../src/cluster-client/watch.js";

async function shown(screen: Omit<Screen, "write">, texts: readonly string[]): Promise<string> {
  let out = "";
  let at = 0;
  const write = (text: string) => {
    out += text;
  };
  const read = async () => ({ text: texts[at] ?? "", isLast: ++at === texts.length });
  await watch({ screen: { ...screen, write }, read, everyMs: 1 });
  return out;
}

test("watch draws each text over the one before, cut to the terminal", async () => {
  const screen = { isTTY: true, columns: 5, rows: 4 };
  const out = await shown(screen, ["one\ntwo", "a longer line", "1\n2\n3\n4\n5"]);
  expect(out).toBe("\r\x1b[Jone\ntwo\n\x1b[2A\r\x1b[Ja lon\n\x1b[1A\r\x1b[J1\n2\n…\n");
});

test("watch prints what has changed if there is no terminal", async () => {
  expect(await shown({}, ["a", "a", "b", "b"])).toBe("a\nb\n");
});
