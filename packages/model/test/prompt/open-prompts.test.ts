import { join } from "node:path";
import { openPrompts } from "@nightbeam/model";
import { refusal, useTempDir } from "@nightbeam/testing";
import { someCatalogue } from "@nightbeam/testing/conformance";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

describe("the longest prompt", () => {
  const temporary = useTempDir();
  const catalogue = someCatalogue({ levels: 4, codesPerLevel: 16, items: 60, seed: 9 });

  it.each([
    ["what the model was made for", {}, {}, 509, "max_position_embeddings 512 in config.json"],
    // The last code is predicted and takes no position: 97 tokens and 3 codes.
    ["its window", { sliding_window: 100 }, {}, 97, "sliding_window 100 in config.json"],
    ["what is asked for", { sliding_window: 100 }, { maxPositions: 50 }, 47, "50 positions"],
  ])("is limited by %s", async (_, configFields, asked, tokens, limit) => {
    const directory = join(temporary(), "checkpoint");
    const config = { modelType: "mistral" as const, layers: 1 };
    await writeCheckpoint({ directory, seed: 1, config, options: { configFields } });
    const prompts = await openPrompts({ directory, catalogue, ...asked });
    expect(prompts.maxPromptTokens).toBe(tokens);
    expect(prompts.promptLimit).toBe(`${limit}, less 3 for the codes`);
  });

  it.each([
    [{}, 4096],
    [{ maxPositions: 50 }, 50],
  ])("of an encoder-decoder is what is asked for, codes aside: %o", async (asked, tokens) => {
    const directory = join(temporary(), "t5");
    await writeCheckpoint({ directory, seed: 1, config: { modelType: "t5", encoderLayers: 1 } });
    const prompts = await openPrompts({ directory, catalogue, ...asked });
    expect(prompts.maxPromptTokens).toBe(tokens);
    expect(prompts.promptLimit).toBe(`${tokens} positions`);
  });

  it("has at least one token, or the model is refused", async () => {
    const directory = join(temporary(), "narrow");
    const options = { configFields: { sliding_window: 3 } };
    await writeCheckpoint({ directory, seed: 1, config: { modelType: "mistral" }, options });
    const { code, message } = await refusal(openPrompts({ directory, catalogue }));
    expect(code).toBe("UNSUPPORTED");
    expect(message).toContain("sliding_window 3");
  });
});
