import type { ReportData } from "../../report/report-data.js";
import { count } from "../parts/format.js";
import { Panel } from "../parts/panel.js";
import { Comparison } from "./comparison.js";
import { Figures, Inputs, Rejects, Settings } from "./details.js";
import { Headline } from "./headline.js";
import { Lists } from "./lists.js";
import { Searches } from "./searches.js";
import { titlesOf } from "./titles.js";

/** The report of a run. */
export function Report({ data }: { readonly data: ReportData }) {
  const titles = titlesOf(data);
  const { comparison, rejects, lists, users } = data;
  const shown =
    lists.length < users
      ? `${count(lists.length, "user")} of ${users.toLocaleString("en")}`
      : count(users, "user");
  return (
    <>
      <a class="skip" href="#searches">
        Skip to the searches
      </a>
      <main class="report">
        <Headline data={data} />
        <Searches data={data} titles={titles} />
        <Panel title="Lists" note={shown}>
          <Lists data={data} titles={titles} />
        </Panel>
        {comparison === undefined ? null : (
          <Comparison comparison={comparison} titles={titles} name={data.name} />
        )}
        {rejects.length === 0 ? null : <Rejects data={data} />}
        <Figures data={data} />
        <div class="pair-of-panels">
          <Settings data={data} />
          <Inputs data={data} />
        </div>
      </main>
    </>
  );
}
