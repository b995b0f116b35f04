import { spawnSync } from "node:child_process";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const testing = fileURLToPath(new URL("../..", import.meta.url));
const VENV = join(testing, ".venv");
const LOCK = join(testing, ".venv.lock");
const INSTALL_MS = 240_000;
/** What examples need, and the S3 server. */
const REQUIREMENTS = [
  join(testing, "..", "examples", "requirements.txt"),
  join(testing, "requirements.txt"),
];
const IMPORTS = "import grpc_tools.protoc, redis, psycopg, boto3, moto.server";

/** Whether tests may use Python at all; NIGHTBEAM_PYTHON=off leaves it out. */
export const pythonIsWanted = process.env.NIGHTBEAM_PYTHON !== "off";

/**
 * The path of a Python with the requirements of the examples and of the S3 server, installed on first use in
 * `testing/.venv`. If that cannot be had: undefined and a message, or an error if NIGHTBEAM_PYTHON=required.
 */
export async function testPython(): Promise<string | undefined> {
  if (!pythonIsWanted) return undefined;
  const interpreter = join(VENV, "bin", "python");
  const isHere = () => spawnSync(interpreter, ["-c", IMPORTS]).status === 0;
  if (isHere()) return interpreter;
  // Test files run at the same time, and one of them installs.
  const release = await lock();
  try {
    if (isHere()) return interpreter;
    const files = REQUIREMENTS.flatMap((file) => ["-r", file]);
    for (const [command, ...args] of [
      ["python3", "-m", "venv", "--clear", VENV],
      [
        interpreter,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
        ...files,
      ],
      [interpreter, "-c", IMPORTS],
    ] as const) {
      const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
      if (status === 0) continue;
      const problem = `Python cannot be tested: ${command} ${args.join(" ")} failed. ${stderr ?? ""}`;
      if (process.env.NIGHTBEAM_PYTHON === "required") throw new Error(problem);
      console.warn(
        `${problem}\nInstall Python 3.11 or newer with venv, or set NIGHTBEAM_PYTHON=off.`,
      );
      return undefined;
    }
    return interpreter;
  } finally {
    release();
  }
}

async function lock(): Promise<() => void> {
  for (const deadline = Date.now() + INSTALL_MS; ; await sleep(200)) {
    try {
      mkdirSync(LOCK);
      return () => rmdirSync(LOCK);
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`remove ${LOCK}, which a killed test left`, { cause: error });
    }
  }
}
