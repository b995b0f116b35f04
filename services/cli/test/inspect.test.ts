import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { refusal, succeed } from "@nightbeam/testing/command";
import { useWorld } from "@nightbeam/testing/world";
import { expect, it } from "vitest";

const world = useWorld({ users: 2 });

it("inspect shows a checkpoint, and writes the nightbeam.json that it lacks", async () => {
  const directory = world().target;
  const file = join(directory, "nightbeam.json");
  const flags = ["--catalogue", world().catalogue, "--histories", world().histories];
  const { stdout } = await succeed("inspect", directory, ...flags);
  expect(stdout).toMatch(/^model +llama: /m);
  expect(stdout).toMatch(/^nightbeam.json +present$/m);
  expect(stdout).toMatch(/^--device cuda --precision bf16 /m);
  expect(stdout).toMatch(/^prompt of the user ".+" with \d+ items:$/m);
  expect(await refusal("inspect", directory, "--write")).toBe(
    `error: ${file} exists already; remove it, or give another --out\n`,
  );
  expect(await refusal("inspect", directory, "--histories", "x.jsonl")).toBe(
    "error: --histories needs --catalogue, which has the items' codes\n",
  );

  await rename(file, `${file}.old`);
  const { stdout: json } = await succeed("inspect", directory, ...flags, "--write", "--json");
  const written = JSON.parse(await readFile(file, "utf8"));
  expect(JSON.parse(json).proposal.spec).toEqual(written);
  const old = JSON.parse(await readFile(`${file}.old`, "utf8"));
  expect(written.codeTokenOffsets).toEqual(old.codeTokenOffsets);
});
