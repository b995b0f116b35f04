import type { ShardMap } from "@nightbeam/api";
import { useState } from "preact/hooks";
import { whole } from "../../parts/format.js";
import { linkTo } from "../route.js";
import { STATES } from "./map-layout.js";

const PAGE = 50;

export interface ShardTableProps {
  readonly runId: string;
  /** Places in `STATES`. */
  readonly states: Uint8Array;
  readonly map: ShardMap;
}

/** The shards as a table, for those who cannot use the map. */
export function ShardTable({ runId, states, map }: ShardTableProps) {
  const [isOpen, setOpen] = useState(false);
  const [filter, setFilter] = useState(-1);
  const [from, setFrom] = useState(0);
  return (
    <details class="values" open={isOpen} onToggle={({ currentTarget: { open } }) => setOpen(open)}>
      <summary>Shards as a table</summary>
      {isOpen ? (
        <>
          <label class="inline">
            Show{" "}
            <select
              value={filter}
              onChange={({ currentTarget: { value } }) => {
                setFilter(Number(value));
                setFrom(0);
              }}
            >
              <option value={-1}>all</option>
              {STATES.map((state, number) => (
                <option key={state} value={number}>
                  {state.replace("-", " ")}
                </option>
              ))}
            </select>
          </label>
          <Rows {...{ runId, states, map, filter, from }} onFrom={setFrom} />
        </>
      ) : null}
    </details>
  );
}

function Rows({
  runId,
  states,
  map,
  filter,
  from,
  onFrom,
}: ShardTableProps & {
  readonly filter: number;
  readonly from: number;
  readonly onFrom: (from: number) => void;
}) {
  const found: number[] = [];
  for (let index = 0; index < states.length; index++) {
    if (filter < 0 || states[index] === filter) found.push(index);
  }
  const shown = found.slice(from, from + PAGE);
  const nodes = new Map(map.active.map((one) => [one.index, one]));
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">shard</th>
            <th scope="col">state</th>
            <th scope="col">drafter</th>
            <th scope="col">users done</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((index) => (
            <tr key={index}>
              <th scope="row">
                <a href={linkTo({ view: "run", runId, shard: index })}>{index}</a>
              </th>
              <td>{STATES[states[index] ?? 0]?.replace("-", " ")}</td>
              <td>{nodes.get(index)?.node ?? "–"}</td>
              <td>{nodes.has(index) ? whole(nodes.get(index)?.users ?? 0) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="pager">
        <button
          type="button"
          disabled={from === 0}
          onClick={() => onFrom(Math.max(0, from - PAGE))}
        >
          Before
        </button>
        {found.length === 0
          ? "none"
          : `${whole(from + 1)} to ${whole(from + shown.length)} of ${whole(found.length)}`}
        <button
          type="button"
          disabled={from + PAGE >= found.length}
          onClick={() => onFrom(from + PAGE)}
        >
          After
        </button>
      </p>
    </>
  );
}
