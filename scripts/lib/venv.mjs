// The Python environment of training/: created on first use, and reinstalled only when its inputs
// changed. Uses only Node, like setup.mjs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const training = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "training");
const venv = join(training, ".venv");
const bin = process.platform === "win32" ? "Scripts/python.exe" : "bin/python";
export const python = join(venv, bin);
const stamp = join(venv, "installed.sha256");
const log = join(venv, "install.log");

const names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
const cpuWheels = "https://download.pytorch.org/whl/cpu";

/** This machine cannot run the Python part. The message is the reason; `remedy` is the fix. */
export class Unavailable extends Error {
  constructor(reason, remedy, output = "") {
    super(reason);
    this.remedy = remedy;
    this.output = output;
  }
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: training, encoding: "utf8", maxBuffer: 2 ** 26 });
  return { ok: result.status === 0, text: `${result.stdout ?? ""}${result.stderr ?? ""}`.trim() };
}

/** The version of a Python as [3, 11], or undefined if it cannot run or lacks `module`. */
function version(command, module = "sys") {
  const code = `import sys, ${module}; print('%d.%d' % sys.version_info[:2])`;
  const { ok, text } = run(command, ["-c", code]);
  const found = ok ? /^(\d+)\.(\d+)$/m.exec(text) : null;
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** The oldest version that the package supports. */
function oldest() {
  const text = readFileSync(join(training, "pyproject.toml"), "utf8");
  const found = /^requires-python = ">=(\d+)\.(\d+)"$/m.exec(text);
  if (found === null) throw new Error('training/pyproject.toml has no requires-python = ">=…"');
  return [Number(found[1]), Number(found[2])];
}

function supported(found) {
  const [major, minor] = oldest();
  return found !== undefined && (found[0] > major || (found[0] === major && found[1] >= minor));
}

/** An editable install contains its path, so a clone that was moved is reinstalled too. */
function wanted() {
  const hash = createHash("sha256").update(training);
  for (const file of ["pyproject.toml", "constraints.txt"]) {
    hash.update("\0").update(readFileSync(join(training, file)));
  }
  return hash.digest("hex");
}

function create() {
  const found = [...names, "python"].map((name) => ({ name, version: version(name) }));
  const usable = found.filter((each) => supported(each.version));
  if (usable.length === 0) {
    const old = found.find((each) => each.version !== undefined);
    const reason = old === undefined ? "" : ` (${old.name} is ${old.version.join(".")})`;
    const needed = `Python ${oldest().join(".")} or newer`;
    throw new Unavailable(`no ${needed} was found${reason}`, `install ${needed}`);
  }
  for (const { name } of usable) {
    // Debian's Python lacks the part of venv that installs pip; virtualenv has its own.
    if (run(name, ["-m", "venv", "--clear", venv]).ok) return;
    if (run(name, ["-m", "virtualenv", "--clear", venv]).ok) return;
    if (run("virtualenv", ["--clear", "-p", name, venv]).ok) return;
  }
  throw new Unavailable(
    `${usable[0].name} cannot make a virtual environment`,
    "install its venv module (Debian, Ubuntu: apt install python3-venv)",
  );
}

/** On Linux, PyPI's PyTorch includes gigabytes of CUDA, which are useless without an NVIDIA GPU;
 * PyTorch's own index has a build without. An index that the user configured takes precedence. */
async function smallerTorch() {
  if (process.platform !== "linux" || existsSync("/proc/driver/nvidia/version")) return [];
  if (/index(-url)?=/.test(run(python, ["-m", "pip", "config", "list"]).text)) return [];
  try {
    const signal = AbortSignal.timeout(3000);
    const answer = await fetch(`${cpuWheels}/torch/`, { method: "HEAD", signal });
    return answer.ok ? ["--extra-index-url", cpuWheels] : [];
  } catch {
    return [];
  }
}

async function install() {
  const index = await smallerTorch();
  const plain = process.platform === "linux" && index.length === 0;
  const size = plain ? "3 GB to download, 5 GB on disk" : "1 GB on disk";
  console.log(
    `Installing PyTorch and the test tools into training/.venv (once; about ${size}) ...`,
  );
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const what = ["-c", join(training, "constraints.txt"), "-e", `${training}[dev]`];
  const { ok, text } = run(python, [...args, ...index, ...what]);
  writeFileSync(log, `${text}\n`);
  if (ok) return;
  if (/NewConnectionError|NameResolutionError|ProxyError|ConnectTimeout|timed out/.test(text)) {
    throw new Unavailable(
      "pip cannot reach the package index",
      "connect to a network or set PIP_INDEX_URL",
      text,
    );
  }
  const error = /^ERROR: (.*)$/m.exec(text)?.[1] ?? "pip install failed";
  throw new Unavailable(error.slice(0, 200).replace(/\.$/, ""), `fix the error in ${log}`, text);
}

/** Prepares the environment, or throws {@link Unavailable}. Fast if it is ready already. */
export async function prepare() {
  const hash = wanted();
  // pip is missing if the system's Python was replaced with another version.
  const usable = existsSync(python) && supported(version(python, "pip"));
  if (usable && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  // An interrupted installation leaves no stamp, so that the next one completes it.
  rmSync(stamp, { force: true });
  if (!usable) create();
  await install();
  writeFileSync(stamp, hash);
}
