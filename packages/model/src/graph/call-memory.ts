import type { NodeMemory, PromptMemory } from "./attention.js";
import type { GraphContext } from "./context.js";

/** One layer of a graph under construction. */
interface LayerOf {
  readonly context: GraphContext;
  readonly layer: number;
}

/** Names of a layer's keys and values as outputs of one call and inputs of a later one. */
export const memoryNames = (layer: number) => ({
  promptKeys: `prompt_keys_${layer}`,
  promptValues: `prompt_values_${layer}`,
  nodeKeys: `node_keys_${layer}`,
  nodeValues: `node_values_${layer}`,
});

export function pastMemory({ context, layer }: LayerOf): {
  prompts: PromptMemory;
  nodes: NodeMemory;
} {
  const { graph, config } = context;
  const names = memoryNames(layer);
  const prompt = ["users", config.keyValueHeads, "prompt", config.headSize];
  const node = ["past_nodes", config.keyValueHeads * config.headSize];
  return {
    prompts: {
      keys: graph.input(`past_${names.promptKeys}`, "float", prompt),
      values: graph.input(`past_${names.promptValues}`, "float", prompt),
    },
    nodes: {
      keys: graph.input(`past_${names.nodeKeys}`, "float", node),
      values: graph.input(`past_${names.nodeValues}`, "float", node),
    },
  };
}

export function exportNodes({ context, layer }: LayerOf, memory: NodeMemory): void {
  const { graph, config } = context;
  const names = memoryNames(layer);
  const shape = ["nodes", config.keyValueHeads * config.headSize];
  graph.output(names.nodeKeys, { value: memory.keys, type: "float", shape });
  graph.output(names.nodeValues, { value: memory.values, type: "float", shape });
}

export function exportPrompts({ context, layer }: LayerOf, memory: PromptMemory): void {
  const { graph, config } = context;
  const names = memoryNames(layer);
  const shape = ["users", config.keyValueHeads, "prompt", config.headSize];
  graph.output(names.promptKeys, { value: memory.keys, type: "float", shape });
  graph.output(names.promptValues, { value: memory.values, type: "float", shape });
}
