// Runs the tests and checks of training/, in an environment that it creates:
//     node scripts/python.mjs test | lint | typecheck | format [arguments of the last tool]
// If the environment cannot be created, the end of the output says so; with
// NIGHTBEAM_PYTHON=required that is a failure. NIGHTBEAM_PYTHON=off skips Python.
import { spawnSync } from "node:child_process";
import { prepare, python, training, Unavailable } from "./lib/venv.mjs";

const tasks = {
  test: { title: "Python tests", steps: [["pytest"]] },
  lint: {
    title: "Python lint",
    steps: [
      ["ruff", "format", "--check"],
      ["ruff", "check", "-q"],
    ],
  },
  typecheck: { title: "Python types", steps: [["mypy"]] },
  format: {
    title: "Python formatting",
    steps: [
      ["ruff", "format"],
      ["ruff", "check", "--fix"],
    ],
  },
};

function end(status, ...lines) {
  for (const line of lines) console.error(line);
  process.exit(status);
}

const [name = "", ...more] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
if (task === undefined) end(1, `usage: node scripts/python.mjs ${Object.keys(tasks).join(" | ")}`);

const mode = process.env.NIGHTBEAM_PYTHON ?? "";
if (!["", "required", "off"].includes(mode)) {
  end(1, `NIGHTBEAM_PYTHON is "${mode}"; it can be "required" or "off".`);
}
if (mode === "off") end(0, `\n${task.title} skipped: NIGHTBEAM_PYTHON=off.`);

try {
  await prepare();
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  const required = mode === "required";
  if (required && error.output !== "") console.error(error.output);
  end(
    required ? 1 : 0,
    `\n${task.title} ${required ? "FAILED" : "skipped"}: ${error.message}.`,
    `To include Python: ${error.remedy}, then \`npm run ${name}\`.`,
  );
}

task.steps.forEach((step, i) => {
  const extra = i === task.steps.length - 1 ? more : [];
  const args = ["-m", ...step, ...extra];
  const { status } = spawnSync(python, args, {
    cwd: training,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) end(status ?? 1);
});
