import type { Alarm } from "@nightbeam/api";
import { count, timeOf } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { ActionButton } from "../actions/action-button.js";
import { ALARM_REMEDIES } from "../alarm-remedies.js";
import { linkTo } from "../route.js";
import { useLive, usePage } from "../state.js";

/** The alarms that stand, and what to do. */
export function AlarmsView() {
  const live = useLive();
  const { may } = usePage();
  const alarms = live.alarms.value;
  return (
    <>
      <h1>Alarms</h1>
      <Panel
        title="Alarms that stand"
        note={count(alarms?.length ?? 0, "alarm")}
        end={
          may("admin") && (alarms?.length ?? 0) > 0 ? (
            <ActionButton
              name="Clear all"
              says="Removes all alarms from the list. One whose problem lasts is not raised again before that has ended."
              request={() => ({ method: "DELETE", path: "/v1/alarms" })}
              done="The alarms are cleared."
            />
          ) : undefined
        }
      >
        {alarms === undefined ? (
          <Empty>Reading the alarms…</Empty>
        ) : alarms.length === 0 ? (
          <Empty>There are no alarms.</Empty>
        ) : (
          <AlarmList alarms={alarms} />
        )}
      </Panel>
    </>
  );
}

export function AlarmList({ alarms }: { readonly alarms: readonly Alarm[] }) {
  const { now } = useLive();
  return (
    <ul class="alarms">
      {alarms.map((alarm) => (
        <li key={alarm.id}>
          <div class="what">
            <code>{alarm.kind}</code>
            <time dateTime={alarm.at}>{timeOf(alarm.at, now.value)}</time>
            {alarm.runId === undefined ? null : (
              <a href={linkTo({ view: "run", runId: alarm.runId })}>{alarm.runId}</a>
            )}
            {alarm.night === undefined ? null : (
              <a href={linkTo({ view: "nights" })}>night {alarm.night}</a>
            )}
            {alarm.node === undefined ? null : <a href={linkTo({ view: "nodes" })}>{alarm.node}</a>}
          </div>
          <p>{alarm.message}</p>
          {remedyOf(alarm) === undefined ? null : (
            <p class="remedy">What to do: {remedyOf(alarm)}.</p>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Undefined if the message says it. */
function remedyOf({ kind }: Alarm): string | undefined {
  const remedy = ALARM_REMEDIES[kind];
  return remedy?.includes("its message") === true ? undefined : remedy?.replaceAll("`", "");
}
