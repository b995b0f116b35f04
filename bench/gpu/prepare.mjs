// Makes the kit for a machine with a GPU and no network: .gpu/a, .gpu/b and .gpu/c, each below 64 MiB, of
// files below 55 MiB.
//
//   node bench/gpu/prepare.mjs --target DIR --draft DIR --catalogue FILE --golden FILE
//        [--data DIR] [--generation 90] [--to .gpu]
//
// --generation is the GPUs' compute capability times ten: 90 is H100 and H200. --data, with train.txt,
// valid.txt and test.txt, is for the step `experiment`. Needs a built repository, xz, strip and tar; the
// first run downloads onnxruntime's CUDA provider (250 MB). There: bash .gpu/c/gpu-run.sh
import { cpSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { command } from "./lib/command.mjs";
import { cudaProvider } from "./lib/downloads.mjs";
import { FILE_FLAGS, missingFiles } from "./lib/given-files.mjs";
import { copyWorkspace } from "./lib/kit-workspace.mjs";
import { packKit } from "./lib/pack-kit.mjs";
import { root, scratch } from "./lib/places.mjs";
import { pruneCuda } from "./lib/prune.mjs";

const { values } = parseArgs({
  options: {
    ...FILE_FLAGS,
    data: { type: "string" },
    generation: { type: "string", default: "90" },
    to: { type: "string", default: join(root, ".gpu") },
  },
});
const names = [...Object.keys(FILE_FLAGS), ...(values.data === undefined ? [] : ["data"])];
const missing = missingFiles(values, names);
if (missing !== undefined) {
  console.error(missing);
  process.exit(2);
}
const kit = join(scratch, "kit");
rmSync(kit, { recursive: true, force: true });

const app = join(kit, "app", "gpu");
mkdirSync(join(app, "bin"), { recursive: true });
cpSync(realpathSync(process.execPath), join(app, "bin", "node"));
command("strip", [join(app, "bin", "node")]);
copyWorkspace(join(app, "app"));

const runtime = join("node_modules", "onnxruntime-node", "bin", "napi-v6", "linux", "x64");
const provider = join(kit, "cuda", "gpu", "app", runtime);
mkdirSync(provider, { recursive: true });
const [shared, cuda] = ["shared", "cuda"].map((name) => `libonnxruntime_providers_${name}.so`);
cpSync(join(cudaProvider(), shared), join(provider, shared));
const [from, to] = [join(cudaProvider(), cuda), join(provider, cuda)];
const pruned = pruneCuda(from, to, Number(values.generation));
console.log(`${(pruned / 1e6).toFixed(0)} MB of machine code for other GPUs left out`);

const files = join(kit, "files", "gpu", "files");
for (const name of names) {
  mkdirSync(files, { recursive: true });
  cpSync(resolve(values[name]), join(files, name), { recursive: true, dereference: true });
}

packKit(kit, resolve(values.to));
console.log(`the kit is in ${relative(process.cwd(), values.to) || dirname(values.to)}`);
