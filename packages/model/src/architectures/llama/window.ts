import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { ModelError } from "../../errors.js";

/** Fields of `config.json` about layers that see only the last tokens. */
export const windowFields = {
  use_sliding_window: z.boolean().nullish(),
  sliding_window: z.int().positive().nullish(),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: z.array(z.string()).nullish(),
};

export interface RawWindow {
  readonly model_type: string;
  readonly num_hidden_layers: number;
  readonly use_sliding_window?: boolean | null | undefined;
  readonly sliding_window?: number | null | undefined;
  readonly max_window_layers: number;
  readonly layer_types?: readonly string[] | null | undefined;
}

/** What transformers takes if a Mistral or Qwen configuration does not have the field. */
const DEFAULT_WINDOW = 4096;
const SLIDING = "sliding_attention";
const FULL: readonly string[] = ["full_attention", "attention"];

/**
 * Positions that the narrowest layer sees, the token itself included; undefined if all layers see all.
 * Up to so many positions, a layer with a window computes what one without computes.
 *
 * @throws ModelError BAD_CHECKPOINT, UNSUPPORTED
 */
export function readWindow(raw: RawWindow, path: string): number | undefined {
  checkLayerTypes(raw, path);
  const { sliding_window: given } = raw;
  switch (raw.model_type) {
    case "mistral":
      return given === null ? undefined : (given ?? DEFAULT_WINDOW);
    case "qwen2":
    case "qwen3":
      return qwenWindow(raw, path);
    default:
      // Such models have no windows, but the cache that `generate` uses follows the field.
      return raw.use_sliding_window === false ? undefined : (given ?? undefined);
  }
}

function checkLayerTypes({ layer_types, num_hidden_layers }: RawWindow, path: string): void {
  if (layer_types === null || layer_types === undefined) return;
  if (layer_types.length !== num_hidden_layers) {
    throw new ModelError(
      "BAD_CHECKPOINT",
      `${path}: layer_types has ${layer_types.length} entries, num_hidden_layers is ${num_hidden_layers}`,
    );
  }
  const other = layer_types.find((type) => type !== SLIDING && !FULL.includes(type));
  if (other === undefined) return;
  throw new ModelError(
    "UNSUPPORTED",
    `${path}: layer_types has ${excerpt(other)}, which is not one of full_attention, sliding_attention`,
  );
}

function qwenWindow(raw: RawWindow, path: string): number | undefined {
  const { layer_types, max_window_layers, num_hidden_layers } = raw;
  const given = raw.sliding_window === null ? undefined : (raw.sliding_window ?? DEFAULT_WINDOW);
  const window = raw.use_sliding_window === true ? given : undefined;
  const slides = layer_types
    ? layer_types.includes(SLIDING)
    : window !== undefined && max_window_layers < num_hidden_layers;
  if (!slides) return undefined;
  if (window === undefined) {
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: layer_types has sliding_attention, but use_sliding_window is ${raw.use_sliding_window ?? false} and sliding_window ${raw.sliding_window}: the width of the window is unknown`,
    );
  }
  return window;
}
