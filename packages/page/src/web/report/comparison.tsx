import type { RunComparison } from "../../report/report-data.js";
import { Facts } from "../parts/facts.js";
import { digits, percent, whole } from "../parts/format.js";
import { Panel } from "../parts/panel.js";
import type { ReportTitles } from "./titles.js";

/** How the lists differ from those of another run. */
export function Comparison(props: {
  readonly comparison: RunComparison;
  readonly titles: ReportTitles;
  /** Of this run. */
  readonly name: string;
}) {
  const { comparison, titles, name } = props;
  const { against, isSame, users, overlap, sameFirst, topScore, calls } = comparison;
  const callsText = (value: number | undefined) =>
    value === undefined ? "not known" : value.toFixed(2);
  return (
    <Panel title="Compared with another run" note={<code>{against}</code>}>
      <p class="plain">
        {isSame
          ? "The same users, items and order in both runs."
          : `${percent(overlap)} of the items of a list are in the user's other list as well, on average.`}
      </p>
      <div class="compared">
        <Facts
          facts={[
            { name: "users in both", value: whole(users.both) },
            { name: `only in ${name}`, value: onlyText(users.onlyHere, users.samplesHere) },
            { name: "only in the other run", value: onlyText(users.onlyThere, users.samplesThere) },
            { name: "same first item", value: percent(sameFirst) },
            {
              name: "mean score of the first item",
              value: `${digits(topScore.here)}, was ${digits(topScore.there)}`,
              meaning: "In nats: closer to 0 is more likely",
            },
            {
              name: "calls per user",
              value: `${callsText(calls.here)}, was ${callsText(calls.there)}`,
            },
          ]}
        />
        <Histogram comparison={comparison} />
      </div>
      {comparison.changed.length === 0 ? null : (
        <>
          <h3>Lists that changed most</h3>
          <ul class="changed">
            {comparison.changed.map(({ user, here, there }) => (
              <li key={user}>
                <details>
                  <summary>
                    <b>{user}</b>{" "}
                    <span class="dim">
                      {here.filter((item) => there.includes(item)).length} of {here.length} items in
                      both
                    </span>
                  </summary>
                  <div class="two-lists">
                    <SmallList name={name} list={here} other={there} titles={titles} />
                    <SmallList name="other run" list={there} other={here} titles={titles} />
                  </div>
                </details>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function onlyText(count: number, samples: readonly string[]): string {
  if (count === 0) return "none";
  return `${whole(count)}: ${samples.slice(0, 4).join(", ")}${count > 4 ? ", …" : ""}`;
}

function SmallList(props: {
  readonly name: string;
  readonly list: readonly number[];
  readonly other: readonly number[];
  readonly titles: ReportTitles;
}) {
  const { name, list, other, titles } = props;
  return (
    <section>
      <h3>{name}</h3>
      <ol class="recommended">
        {list.map((item) => (
          <li key={item} class={other.includes(item) ? "" : "new"}>
            {titles.at(item)}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Users by the share of their list that is the same. */
function Histogram({ comparison }: { readonly comparison: RunComparison }) {
  const { histogram } = comparison;
  const most = Math.max(1, ...histogram);
  return (
    <table class="histogram">
      <caption>Users by the share of their items that is in both lists</caption>
      <tbody>
        {histogram.map((users, tenth) => (
          <tr key={tenth}>
            <th scope="row">{tenth === 10 ? "all" : `${tenth * 10}%`}</th>
            <td>
              <i style={{ width: `${(users / most) * 100}%` }} />
              <span>{whole(users)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
