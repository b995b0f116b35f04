import { type ReadonlyInt32Array, ROOT } from "@nightbeam/catalogue";
import { memoryNames } from "../programs/memory-values.js";
import { nodeRows } from "../programs/node-rows.js";
import { packRun } from "../programs/pack-run.js";
import type { Program, ProgramSetup } from "../programs/program.js";
import type { PromptStart } from "../prompt/prompt-start.js";
import type { Session } from "./session.js";
import { type PromptTensors, StartMemory } from "./start-memory.js";

interface StartOptions extends ProgramSetup {
  readonly program: Pick<Program<never, unknown>, "pack">;
  /** The graph that computes prompts. */
  readonly full: Session;
}

/**
 * Computes the keys and values of what all prompts start with, once. They are used only if the sample prompts
 * have the same keys and values with them as without, to the bit: a kernel might group its sums by the length of
 * a prompt.
 *
 * @throws ModelError RUNTIME
 */
export async function learnStart(start: PromptStart, options: StartOptions): Promise<StartMemory> {
  const { memory: shape } = options.architecture;
  const nothing = new StartMemory({
    tokens: new Int32Array(),
    memory: { promptKeys: [], promptValues: [] },
    shape,
  });
  const compute = (prompt: ReadonlyInt32Array, known = nothing) =>
    promptMemory(prompt, { ...options, known });
  const { tokens } = start;
  const learned = new StartMemory({ tokens, memory: await compute(tokens), shape });
  for (const sample of start.samples) {
    const [without, after] = [await compute(sample), await compute(sample, learned)];
    if (!isSame(without, after)) return nothing;
  }
  return learned;
}

/** Keys and values of one prompt. */
async function promptMemory(
  prompt: ReadonlyInt32Array,
  options: StartOptions & { readonly known: StartMemory },
): Promise<PromptTensors> {
  const { program, full, known, trie, architecture } = options;
  const root = {
    prefixes: Uint32Array.of(ROOT),
    parents: Int32Array.of(-1),
    wanted: Uint32Array.of(0),
  };
  const rows = nodeRows(
    { key: 0, prompt },
    { tree: root, architecture, levels: trie.levels, cachedRow: () => undefined },
  );
  const start = known.knownTokens(prompt);
  const requests = [rows];
  const run = { requests, promptLength: prompt.length, start, cachedRows: undefined };
  const packed = packRun(options, run);
  const feeds = { ...packed.feeds, ...program.pack(requests), ...known.feeds(start) };
  const names = Array.from({ length: architecture.memory.layers }, (_, layer) =>
    memoryNames(layer),
  );
  const fetches = names.flatMap(({ promptKeys, promptValues }) => [promptKeys, promptValues]);
  const outputs = await full.run({ ...packed, feeds }, fetches);
  return {
    promptKeys: names.map(({ promptKeys }) => outputs.floats(promptKeys)),
    promptValues: names.map(({ promptValues }) => outputs.floats(promptValues)),
  };
}

function isSame(one: PromptTensors, other: PromptTensors): boolean {
  const bytes = (values: Float32Array = new Float32Array()) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return (["promptKeys", "promptValues"] as const).every((part) =>
    one[part].every((values, layer) => bytes(values).equals(bytes(other[part][layer]))),
  );
}
