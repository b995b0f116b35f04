import type { ReportData } from "../../report/report-data.js";
import { Facts } from "../parts/facts.js";
import { count, digits } from "../parts/format.js";
import { Panel } from "../parts/panel.js";
import { RejectReasons } from "../parts/reject-reasons.js";
import { Table } from "../parts/table.js";

interface Props {
  readonly data: ReportData;
}

/** Rows without a list, by reason. */
export function Rejects({ data: { rejects, rejected } }: Props) {
  return (
    <Panel title="Rejected rows" note={count(rejected, "row")}>
      <RejectReasons reasons={rejects} />
    </Panel>
  );
}

/** All statistics of the manifest, with their meaning. */
export function Figures({ data: { figures } }: Props) {
  return (
    <Panel title="Figures" note="as in manifest.json">
      <Table
        caption="Figures of the run"
        rows={figures}
        keyOf={({ name }) => name}
        columns={[
          { name: "figure", cell: ({ name }) => <code>{name}</code> },
          { name: "value", isNumber: true, cell: ({ value }) => digits(value) },
          { name: "unit", cell: ({ unit }) => unit },
          { name: "meaning", isWide: true, cell: ({ meaning }) => meaning },
        ]}
      />
    </Panel>
  );
}

/** What decides the lists, and how they were found. */
export function Settings({ data: { settings } }: Props) {
  return (
    <Panel title="Settings">
      <Facts facts={settings} />
    </Panel>
  );
}

/** Files and hashes. */
export function Inputs({ data: { inputs } }: Props) {
  return (
    <Panel title="Inputs">
      <Facts facts={inputs.map(({ name, value }) => ({ name, value: <code>{value}</code> }))} />
    </Panel>
  );
}
