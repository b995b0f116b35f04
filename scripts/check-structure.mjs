// Checks how the repository is built, as `npm run lint` does:
//     node scripts/check-structure.mjs [DIRECTORY]            exit status 1 if something is wrong
//     node scripts/check-structure.mjs [DIRECTORY] --draw     the arrows as they are, for docs/architecture.md
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkArrows, drawArrows } from "./structure/arrows.mjs";
import { checkCycles } from "./structure/cycles.mjs";
import { checkExports } from "./structure/package-exports.mjs";
import { checkPublishing } from "./structure/publishing.mjs";
import { readTree } from "./structure/source-tree.mjs";
import { checkTestFolders } from "./structure/test-folders.mjs";
import { checkWords } from "./structure/words.mjs";

const CHECKS = {
  "arrows between packages": checkArrows,
  "import cycles": checkCycles,
  "test folders": checkTestFolders,
  "names of limits": checkWords,
  "exports without a use": checkExports,
  "ready to publish": checkPublishing,
};

const { values, positionals } = parseArgs({
  options: { draw: { type: "boolean", default: false } },
  allowPositionals: true,
});
const root = fileURLToPath(new URL("..", import.meta.url));
const tree = readTree(resolve(positionals[0] ?? root));
if (values.draw) console.log(drawArrows(tree));
else {
  let count = 0;
  for (const [title, check] of Object.entries(CHECKS)) {
    const problems = check(tree);
    count += problems.length;
    if (problems.length > 0) console.error(`\n${title}: ${problems.length}`);
    for (const { place, message, remedy } of problems) {
      console.error(`  ${place}\n    ${message}\n    -> ${remedy}`);
    }
  }
  if (count > 0) process.exitCode = 1;
  else console.log(`structure: ${tree.modules.size} files, no problem`);
}
