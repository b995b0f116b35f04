import type {
  Architecture,
  LayerPast,
  MemoryShape,
  NodeStates,
  PromptMemory,
} from "../architectures/architecture.js";
import type { GraphContext } from "../architectures/graph-context.js";

/** Names of a layer's keys and values as outputs of one run; inputs of a later one are `past_…`. */
export const memoryNames = (layer: number) => ({
  promptKeys: `prompt_keys_${layer}`,
  promptValues: `prompt_values_${layer}`,
  nodeKeys: `node_keys_${layer}`,
  nodeValues: `node_values_${layer}`,
});

const promptShape = ({ keyValueHeads, headSize }: MemoryShape) => [
  "users",
  keyValueHeads,
  "prompt",
  headSize,
];

/** Memory of earlier runs as inputs of a graph, per layer. */
export function declareMemory(
  { graph, numbers }: GraphContext,
  { memory }: Architecture,
): LayerPast[] {
  const prompt = promptShape(memory);
  const node = ["past_nodes", memory.keyValueHeads * memory.headSize];
  return Array.from({ length: memory.layers }, (_, layer) => {
    const names = memoryNames(layer);
    return {
      prompts: {
        keys: graph.input(`past_${names.promptKeys}`, numbers, prompt),
        values: graph.input(`past_${names.promptValues}`, numbers, prompt),
      },
      nodes: [
        {
          keys: graph.input(`past_${names.nodeKeys}`, numbers, node),
          values: graph.input(`past_${names.nodeValues}`, numbers, node),
        },
      ],
    };
  });
}

/** Names of the inputs with the keys and values of what all prompts start with. */
export const startNames = (layer: number) => ({
  keys: `start_keys_${layer}`,
  values: `start_values_${layer}`,
});

/** Keys and values of what all prompts start with as inputs of a graph, per layer. */
export function declareStart(
  { graph, numbers }: GraphContext,
  { memory }: Architecture,
): PromptMemory[] {
  const shape = [1, memory.keyValueHeads, "start", memory.headSize];
  return Array.from({ length: memory.layers }, (_, layer) => {
    const names = startNames(layer);
    return {
      keys: graph.input(names.keys, numbers, shape),
      values: graph.input(names.values, numbers, shape),
    };
  });
}

/** Makes what a graph computed for later runs its outputs: the nodes, and the prompts unless they are inputs. */
export function exportMemory(
  { graph, numbers: type }: GraphContext,
  computed: { architecture: Architecture; states: NodeStates; withPrompts: boolean },
): void {
  const { memory } = computed.architecture;
  const prompt = promptShape(memory);
  const node = ["nodes", memory.keyValueHeads * memory.headSize];
  computed.states.layers.forEach(({ nodes, prompts }, layer) => {
    const names = memoryNames(layer);
    graph.output(names.nodeKeys, { value: nodes.keys, type, shape: node });
    graph.output(names.nodeValues, { value: nodes.values, type, shape: node });
    if (!computed.withPrompts) return;
    graph.output(names.promptKeys, { value: prompts.keys, type, shape: prompt });
    graph.output(names.promptValues, { value: prompts.values, type, shape: prompt });
  });
}
