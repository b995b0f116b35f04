import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { itemName } from "./catalogue/item-names.js";
import { itemPaths, lcRecPath } from "./catalogue/item-paths.js";
import { completeLlama } from "./checkpoint/llama-shape.js";
import { llamaModel, writeModelFiles } from "./checkpoint/write-checkpoint.js";
import { itemAtPlace } from "./histories/scatter.js";
import { userName } from "./histories/stream-histories.js";
import { userHistory } from "./histories/user-history.js";
import { writeLines } from "./histories/write-lines.js";
import { worldModels } from "./world-models.js";

/** Every size has a default. */
export interface WorldOptions {
  readonly directory: string;
  /** Default 1. */
  readonly seed?: number;
  /** Default 2,000. */
  readonly items?: number;
  /** Items that share another's code path; default one in 250. */
  readonly sharedPaths?: number;
  /** Default 500. */
  readonly users?: number;
  /** Default 4. */
  readonly levels?: number;
  /** Default 64. */
  readonly codesPerLevel?: number;
  /** Maximum items of a history in a prompt; default 20. */
  readonly maxItems?: number;
  /** Layers of the target; default 4. */
  readonly layers?: number;
  /** Number of its first layers that are the draft; default 1. */
  readonly draftLayers?: number;
  /** Size of both models' residual stream; default 128. */
  readonly width?: number;
  /** Default 4. */
  readonly heads?: number;
  /** Scale of the target's layers above the draft: 0 for no effect. Default 0.3. */
  readonly upperGain?: number;
}

/** Paths of a world's files. */
export interface World {
  /** LC-Rec layout: `{"0": ["<a_1>", "<b_9>", …]}`. */
  readonly catalogue: string;
  /** JSONL, `{"item": "0", "name": "Tall oak lamp no. 3"}`. */
  readonly items: string;
  /** JSONL, `{"user": "u0", "history": ["12", "7"]}`, oldest first. */
  readonly histories: string;
  /** JSONL, `{"user": "u0", "items": ["31"]}`: the user's next item. */
  readonly heldOut: string;
  readonly target: string;
  readonly draft: string;
}

/** Writes a catalogue, users and a pair of models that match each other. */
export async function writeWorld(options: WorldOptions): Promise<World> {
  const {
    directory,
    seed = 1,
    items = 2_000,
    users = 500,
    levels = 4,
    codesPerLevel = 64,
  } = options;
  const world: World = {
    catalogue: join(directory, "items.index.json"),
    items: join(directory, "items.jsonl"),
    histories: join(directory, "histories.jsonl"),
    heldOut: join(directory, "held-out.jsonl"),
    target: join(directory, "target"),
    draft: join(directory, "draft"),
  };
  await mkdir(directory, { recursive: true });
  const shared = options.sharedPaths ?? Math.floor(items / 250);
  const places = itemPaths({ seed, items, levels, codesPerLevel, shared });
  await writeCatalogue({ world, places });
  await writeUsers({ world, seed, items, users });
  await writeModels({ world, options: { ...options, seed, levels, codesPerLevel } });
  return world;
}

async function writeCatalogue(options: {
  readonly world: World;
  readonly places: readonly (readonly number[])[];
}): Promise<void> {
  const { world, places } = options;
  const paths: (readonly number[])[] = [];
  for (const [place, path] of places.entries()) paths[itemAtPlace(place, places.length)] = path;
  const index = Object.fromEntries(paths.map((path, item) => [String(item), lcRecPath(path)]));
  await writeFile(world.catalogue, `${JSON.stringify(index)}\n`);
  const named = paths.map((path, item) => ({ item: String(item), name: itemName(path) }));
  await writeLines(world.items, named);
}

async function writeUsers(options: {
  readonly world: World;
  readonly seed: number;
  readonly items: number;
  readonly users: number;
}): Promise<void> {
  const { world, seed, items, users } = options;
  const taken = Array.from({ length: users }, (_, user) => ({
    user: userName(user),
    items: userHistory({ seed, user, items, later: 1 }).map(String),
  }));
  await writeLines(
    world.histories,
    taken.map((one) => ({ user: one.user, history: one.items.slice(0, -1) })),
  );
  await writeLines(
    world.heldOut,
    taken.map((one) => ({ user: one.user, history: one.items.slice(-1) })),
  );
}

async function writeModels(given: {
  readonly world: World;
  readonly options: WorldOptions & { seed: number; levels: number; codesPerLevel: number };
}): Promise<void> {
  const { world, options } = given;
  const {
    seed,
    levels,
    codesPerLevel,
    layers = 4,
    draftLayers = 1,
    width = 128,
    heads = 4,
  } = options;
  const shape = completeLlama({ levels, codesPerLevel, layers, width, heads });
  const upperGain = options.upperGain ?? 0.3;
  const { target, draft } = worldModels({ shape, draftLayers, seed, upperGain });
  const maxItems = options.maxItems ?? 20;
  const models = [
    { directory: world.target, ...llamaModel(shape, target) },
    { directory: world.draft, ...llamaModel({ ...shape, layers: draftLayers }, draft) },
  ];
  for (const model of models) await writeModelFiles({ ...model, options: { maxItems } });
}
