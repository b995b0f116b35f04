import type { SearchModel, SearchStep } from "./search-model.js";

export interface CallStripProps {
  readonly model: SearchModel;
  readonly steps: readonly SearchStep[];
  /** The step that is shown. */
  readonly at: number;
}

/** Which levels each call settles, beside the calls of plain search: the saving at a glance. */
export function CallStrip({ model, steps, at }: CallStripProps) {
  const { levels, plainCalls, record } = model;
  if (model.isWhole || levels === 0) return null;
  const calls = steps.slice(1).map(({ call, settled }, before) => {
    return { call, span: settled - (steps[before]?.settled ?? 0) };
  });
  const plain = Array.from({ length: plainCalls }, (_, call) => {
    const span = call === plainCalls - 1 ? levels - plainCalls + 1 : 1;
    return { call: call + 1, span };
  });
  return (
    <div class="call-strip" aria-hidden="true">
      <Row name="with the draft" tone="own" calls={calls} levels={levels} at={at} />
      <Row name="plain search" tone="plain" calls={plain} levels={levels} at={record.calls} />
    </div>
  );
}

function Row(props: {
  readonly name: string;
  readonly tone: string;
  readonly calls: readonly { readonly call: number; readonly span: number }[];
  readonly levels: number;
  readonly at: number;
}) {
  const { name, tone, calls, levels, at } = props;
  return (
    <div class={`row ${tone}`}>
      <span class="name">{name}</span>
      <span class="calls" style={{ gridTemplateColumns: `repeat(${levels}, 1fr)` }}>
        {calls.map(({ call, span }) => (
          <i
            key={call}
            class={tone === "own" && call > at ? "later" : ""}
            style={{ gridColumn: `span ${Math.max(1, span)}` }}
          >
            call {call}
          </i>
        ))}
      </span>
      <b>{calls.length}</b>
    </div>
  );
}
