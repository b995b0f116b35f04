import type { UserAnswer } from "@nightbeam/api";
import { count } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { Table } from "../../parts/table.js";
import { SearchPicture } from "../../search/search-picture.js";
import { linkTo } from "../route.js";
import { UserLookup } from "../run/user-lookup.js";
import { useAnswer } from "../use-answer.js";

export interface UserViewProps {
  readonly runId: string;
  readonly user: string;
}

/** One user of a run: history, list and how the search went. */
export function UserView({ runId, user }: UserViewProps) {
  const path = `/v1/runs/${encodeURIComponent(runId)}/user?user=${encodeURIComponent(user)}`;
  const answer = useAnswer<UserAnswer>(path);
  return (
    <>
      <section class="run-header" aria-labelledby="user-title">
        <div class="title">
          <h1 id="user-title">{user}</h1>
          <span class="dim">
            in run <a href={linkTo({ view: "run", runId })}>{runId}</a>
          </span>
        </div>
      </section>
      {answer.state === "loading" ? <Empty>Looking through the lists…</Empty> : null}
      {answer.state === "failed" ? <p class="problem">{answer.message}</p> : null}
      {answer.state === "ready" ? <Found runId={runId} found={answer.value} /> : null}
      <UserLookup runId={runId} />
    </>
  );
}

function Found({ runId, found }: { readonly runId: string; readonly found: UserAnswer }) {
  const { list, history, shard, titles, search } = found;
  return (
    <>
      <Panel title="Search" class="user-search">
        {search === undefined ? (
          <Empty>
            The search of this user was not recorded: that is done for a sample of each shard, see{" "}
            <code>--sample-searches</code>.
          </Empty>
        ) : (
          <SearchPicture record={search} titleOf={(item) => titles[item] ?? item} />
        )}
      </Panel>
      <div class="halves">
        <Panel
          title="List"
          note={count(list.length, "item")}
          end={<a href={linkTo({ view: "run", runId, shard })}>Shard {shard}</a>}
        >
          {list.length === 0 ? (
            <Empty>The list is empty: all items are excluded for this user.</Empty>
          ) : (
            <Table
              caption="The user's list, the best first"
              rows={list.map((one, place) => ({ ...one, place: place + 1 }))}
              keyOf={({ item }) => item}
              columns={[
                {
                  name: "item",
                  isWide: true,
                  cell: ({ item, place }) => (
                    <>
                      <span class="place">{place}</span> <Item item={item} titles={titles} />
                    </>
                  ),
                },
                {
                  name: "score",
                  isNumber: true,
                  cell: ({ score }) => (
                    <span title="Log-likelihood, in nats">{score.toFixed(3)}</span>
                  ),
                },
              ]}
            />
          )}
        </Panel>
        <Panel
          title="History"
          note={
            history === undefined ? undefined : `${count(history.length, "item")}, the latest first`
          }
        >
          {history === undefined ? (
            <Empty>The row cannot be read any more.</Empty>
          ) : (
            <ol class="user-history">
              {history.toReversed().map((item, place) => (
                // Not by the item, which may be there twice.
                <li key={place}>
                  <Item item={item} titles={titles} />
                </li>
              ))}
            </ol>
          )}
        </Panel>
      </div>
    </>
  );
}

function Item({ item, titles }: { readonly item: string; readonly titles: UserAnswer["titles"] }) {
  const title = titles[item];
  if (title === undefined) return <code>{item}</code>;
  return (
    <span class="item">
      {title} <code class="dim">{item}</code>
    </span>
  );
}
