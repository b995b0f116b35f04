import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const GENERATED = ["verifier/v1/verifier.ts", "recommendations/v1/recommendations.ts"].map(
  (name) => `packages/protocol/src/generated/nightbeam/${name}`,
);
const BUF = join(ROOT, "node_modules", ".bin", "buf");
const run = promisify(execFile);

it("the generated code is what buf makes of proto/, and proto/ is clean", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-proto-"));
  try {
    for (const name of ["packages/protocol/proto", "buf.yaml", "buf.gen.yaml"]) {
      await cp(join(ROOT, name), join(directory, name), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
    const options = { cwd: directory, env: { ...process.env, HOME: directory } };
    await run(BUF, ["lint"], options);
    await run(BUF, ["generate"], options);
    for (const name of GENERATED) {
      const [made, kept] = await Promise.all(
        [directory, ROOT].map((root) => readFile(join(root, name), "utf8")),
      );
      expect(kept, "run `npm run generate`").toBe(made);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
