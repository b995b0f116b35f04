import { readFile } from "node:fs/promises";
import { ALARM_KINDS } from "@nightbeam/api";
import { expect, it } from "vitest";

it("the guide documents every kind of alarm, and no other", async () => {
  const guide = await readFile(
    new URL("../../../../docs/guides/alarms.md", import.meta.url),
    "utf8",
  );
  const rows = [...guide.matchAll(/^\| `([a-z_]+)` /gm)].map(([, kind]) => kind);
  expect(rows).toEqual([...ALARM_KINDS]);
});
