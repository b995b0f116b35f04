import type { SearchRecord } from "@nightbeam/run";
import { useState } from "preact/hooks";
import type { ReportData } from "../../report/report-data.js";
import { count } from "../parts/format.js";
import { Empty, Panel } from "../parts/panel.js";
import { SearchPicture } from "../search/search-picture.js";
import { History } from "./history.js";
import type { ReportTitles } from "./titles.js";

/** Sample users, each with history and the picture of the search. */
export function Searches(props: { readonly data: ReportData; readonly titles: ReportTitles }) {
  const { data, titles } = props;
  const { searches } = data;
  const [at, setAt] = useState(tellingSearch(searches));
  const record = searches[at];
  const title = "How the lists were found";
  if (record === undefined) {
    return (
      <Panel title={title}>
        <Empty>
          No search of this run was recorded. Run with <code>--sample-searches 8</code> to see some
          here.
        </Empty>
      </Panel>
    );
  }
  const picker = (
    <label class="inline">
      user
      <select value={at} onChange={(event) => setAt(Number(event.currentTarget.value))}>
        {searches.map(({ user, calls }, place) => (
          <option key={user} value={place}>
            {user}, {count(calls, "call")}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div id="searches">
      <Panel
        title={title}
        note={`${count(searches.length, "sample user")} to look at`}
        end={picker}
      >
        <div class="one-search">
          <section>
            <h3>{record.user} took, latest first</h3>
            <History user={record.user} titles={record.history.map(titles.of)} />
          </section>
          <SearchPicture record={record} titleOf={titles.of} />
        </div>
      </Panel>
    </div>
  );
}

/** The search that shows most: more than one call, and fewer than plain search makes. */
function tellingSearch(searches: readonly SearchRecord[]): number {
  const wanted = searches.findIndex(({ calls }) => calls === 2);
  return Math.max(0, wanted);
}
