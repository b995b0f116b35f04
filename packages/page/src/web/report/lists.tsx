import { useMemo, useState } from "preact/hooks";
import type { ReportData, ReportList } from "../../report/report-data.js";
import { count } from "../parts/format.js";
import { Empty } from "../parts/panel.js";
import { chanceText } from "../search/search-words.js";
import { History } from "./history.js";
import type { ReportTitles } from "./titles.js";

const PER_PAGE = 14;

/** The lists to browse: users at the left, one of them at the right. */
export function Lists({
  data,
  titles,
}: {
  readonly data: ReportData;
  readonly titles: ReportTitles;
}) {
  const [wanted, setWanted] = useState("");
  const [page, setPage] = useState(0);
  const [chosen, choose] = useState<ReportList | undefined>(data.lists[0]);
  const found = useMemo(() => search(data.lists, wanted, titles), [data, wanted, titles]);
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const shown = found.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
  return (
    <div class="lists">
      <div class="users">
        <label>
          <span class="hidden">Find a user or an item</span>
          <input
            type="search"
            placeholder="Find a user or an item"
            value={wanted}
            onInput={(event) => {
              setWanted(event.currentTarget.value);
              setPage(0);
            }}
          />
        </label>
        {found.length === 0 ? <Empty>None of the lists in this report matches.</Empty> : null}
        <ul>
          {shown.map((list) => (
            <li key={list.user}>
              <button type="button" aria-pressed={list === chosen} onClick={() => choose(list)}>
                <b>{list.user}</b>
                <span class="dim">
                  {list.list[0] === undefined ? "empty list" : titles.at(list.list[0])}
                </span>
              </button>
            </li>
          ))}
        </ul>
        <div class="pager">
          <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Back
          </button>
          <span class="dim">
            {page + 1} of {pages}
          </span>
          <button type="button" disabled={page + 1 >= pages} onClick={() => setPage(page + 1)}>
            Next
          </button>
        </div>
      </div>
      {chosen === undefined ? (
        <Empty>This run has no lists.</Empty>
      ) : (
        <OneList list={chosen} titles={titles} isStrict={data.headline.isStrict} />
      )}
    </div>
  );
}

function OneList(props: {
  readonly list: ReportList;
  readonly titles: ReportTitles;
  readonly isStrict: boolean;
}) {
  const { list, titles, isStrict } = props;
  const { user, history, scores } = list;
  return (
    <div class="one-list">
      <section>
        <h3>
          {user} took
          {history === undefined ? "" : `: ${count(history.length, "item")}, latest first`}
        </h3>
        {history === undefined ? (
          <p class="dim">The histories of the run could not be read any more.</p>
        ) : (
          <History user={user} titles={history.map(titles.at)} />
        )}
      </section>
      <section>
        <h3>and gets</h3>
        <ol class="recommended">
          {list.list.map((item, rank) => (
            <li key={item}>
              <span>{titles.at(item)}</span>
              <span class="dim" title={`${scores[rank]} nats`}>
                {isStrict ? chanceText(scores[rank] ?? null) : scores[rank]}
              </span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function search(
  lists: readonly ReportList[],
  wanted: string,
  titles: ReportTitles,
): readonly ReportList[] {
  const text = wanted.trim().toLowerCase();
  if (text === "") return lists;
  const has = (place: number) => titles.at(place).toLowerCase().includes(text);
  return lists.filter(({ user, list }) => user.toLowerCase().includes(text) || list.some(has));
}
