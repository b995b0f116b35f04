import { join } from "node:path";
import { CELLS, FEW_CELLS } from "./cells.mjs";
import { root } from "./places.mjs";

/**
 * @typedef {{ name: string, seconds: number, command: string[], needs?: string }} Step
 *   `needs`: a file without which the step has nothing to do
 */

/** Cells of generate(): it is slow. */
const GENERATE_CELLS = FEW_CELLS.concat(CELLS.slice(1, 3));

/**
 * What run.mjs does, most telling first.
 *
 * @param {{ device: string, target: string, draft: string, catalogue: string, golden: string,
 *   python: string, out: string, work: string, rehearse: boolean, data?: string }} options
 *   data: as experiment.mjs takes it; without it, that step is left out
 * @returns {Step[]}
 */
export function stepsOf(options) {
  const { device, target, draft, catalogue, golden, python, out, work, rehearse, data } = options;
  const here = join(root, "bench", "gpu", "steps");
  const node = (script, ...args) => [process.execPath, join(here, script), ...args];
  const common = ["--catalogue", catalogue, "--device", device];
  const few = rehearse ? ["--users", "10", "--batches", "1,8"] : [];
  const lists = (...args) =>
    node("lists.mjs", "--target", target, "--golden", golden, ...common, ...few, ...args);
  const cells = (list) =>
    list.map(({ promptTokens, beamWidth, users }) => `${promptTokens}x${beamWidth}x${users}`);
  const speed = (model, { precision, seconds }) => [
    ...node("speed.mjs", "--target", model, ...common, "--precision", precision),
    ...["--cell-seconds", String(rehearse ? 0.5 : seconds)],
    ...(rehearse ? ["--cells", cells(FEW_CELLS).join(",")] : []),
  ];
  const generate = (model, dtype) => [
    ...[python, join(here, "generate.py"), "--model", model, "--index", catalogue],
    ...["--dtype", dtype, "--device", device.split(":")[0]],
    ...["--cells", cells(rehearse ? FEW_CELLS : GENERATE_CELLS).join(",")],
    ...["--cell-seconds", rehearse ? "0.5" : "3"],
  ];
  // Opening a target of 7 B three times takes 70 s, of 1 B 20 s, and the first six cells 60 s and 30 s.
  const speedSeconds = { "7b": 150, "1b": 75, "0.1b": 45, tiny: 45 };
  const sizes = rehearse ? ["tiny"] : ["7b", "1b", "0.1b"];
  const random = (size) => join(work, `random-${size}`);
  const large = join(out, "experiment", "target");
  return [
    { name: "card", seconds: 30, command: [python, join(here, "card.py"), "--device", device] },
    { name: "lists-fp32", seconds: 60, command: lists() },
    {
      name: "speed-pair",
      seconds: 45,
      command: speed(target, { precision: "fp32", seconds: 0.4 }),
    },
    ...sizes.flatMap((size) => [
      {
        name: `make-${size}`,
        seconds: 60,
        command: node("random-target.mjs", random(size), "--size", size),
      },
      {
        name: `speed-${size}`,
        seconds: speedSeconds[size],
        needs: join(random(size), "nightbeam.json"),
        command: speed(random(size), { precision: "fp16", seconds: size === "7b" ? 1.5 : 0.5 }),
      },
      ...(size === "7b" || rehearse
        ? [
            {
              name: `generate-${size}`,
              seconds: 60,
              needs: join(random(size), "nightbeam.json"),
              command: generate(random(size), rehearse ? "float32" : "float16"),
            },
          ]
        : []),
    ]),
    { name: "lists-fp16", seconds: 40, command: lists("--precision", "fp16") },
    { name: "lists-bf16", seconds: 40, command: lists("--precision", "bf16") },
    { name: "lists-tf32", seconds: 40, command: lists("--tf32") },
    { name: "generate-pair", seconds: rehearse ? 120 : 60, command: generate(target, "float32") },
    {
      name: "verifier",
      seconds: 45,
      command: [
        ...node(
          "verifier.mjs",
          "--target",
          target,
          "--draft",
          draft,
          "--golden",
          golden,
          ...common,
        ),
        ...(rehearse ? ["--seconds", "1", "--batch", "16", "--batches-in-flight", "2"] : []),
      ],
    },
    ...(rehearse || data === undefined ? [] : largePair(data)),
  ];

  /** With the time that is left. */
  function largePair(beauty) {
    const experiment = join(root, "bench", "scripts", "alignment", "experiment.mjs");
    const made = join(out, "experiment");
    return [
      {
        name: "experiment",
        seconds: 3600,
        command: [
          process.execPath,
          experiment,
          made,
          "--data",
          beauty,
          "--scale",
          "large",
          "--device",
          device,
        ],
      },
      {
        name: "speed-experiment",
        seconds: 60,
        needs: join(large, "nightbeam.json"),
        command: speed(large, { precision: "fp16", seconds: 0.5 }),
      },
    ];
  }
}
