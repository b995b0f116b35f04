import { useEffect } from "preact/hooks";
import { count, timeOf } from "../parts/format.js";
import type { Live } from "./live.js";
import { Login } from "./login.js";
import { linkTo, type Route } from "./route.js";
import { RunView } from "./run/run-view.js";
import { LiveProvider, usePage } from "./state.js";
import { AlarmsView } from "./views/alarms.js";
import { NightsView } from "./views/nights.js";
import { NodesView } from "./views/nodes.js";
import { Overview } from "./views/overview.js";
import { RunsView } from "./views/runs.js";
import { UserView } from "./views/user.js";

/** The frame of the page: login, header and the view of the address. */
export function Shell() {
  const { session, live, notice } = usePage();
  const opened = live.value;
  const isOut = session.value !== undefined && opened === undefined;
  return (
    <>
      {opened === undefined ? null : (
        <LiveProvider value={opened}>
          <button type="button" class="skip" onClick={focusMain}>
            Skip to the content
          </button>
          <Header live={opened} />
          <Lost live={opened} />
          <main id="main" tabIndex={-1}>
            <View />
          </main>
        </LiveProvider>
      )}
      {session.value === undefined ? (
        <header class="top">
          <Brand namespace={undefined} />
        </header>
      ) : null}
      {isOut ? <Login /> : null}
      <Notice text={notice.value} />
    </>
  );
}

/** A link could not do it: the address after # is the route. */
function focusMain(): void {
  document.getElementById("main")?.focus();
}

const TABS: readonly {
  readonly view: "overview" | "runs" | "nights" | "nodes" | "alarms";
  readonly name: string;
}[] = [
  { view: "overview", name: "Overview" },
  { view: "runs", name: "Runs" },
  { view: "nights", name: "Nights" },
  { view: "nodes", name: "Nodes" },
  { view: "alarms", name: "Alarms" },
];

function Header({ live }: { readonly live: Live }) {
  const { route, session, leave, notice } = usePage();
  const alarms = live.alarms.value?.length ?? 0;
  const { role = null, namespace } = session.value ?? {};
  const logOut = () => {
    leave().catch((error: unknown) => {
      notice.value = error instanceof Error ? error.message : String(error);
    });
  };
  return (
    <header class="top">
      <Brand namespace={namespace} />
      <nav aria-label="Views">
        {TABS.map(({ view, name }) => (
          <a
            key={view}
            href={linkTo({ view })}
            aria-current={isIn(route.value, view) ? "page" : undefined}
          >
            {name}
            {view === "alarms" && alarms > 0 ? (
              <span class="badge" title={count(alarms, "alarm")}>
                {alarms}
              </span>
            ) : null}
          </a>
        ))}
      </nav>
      <div class="who">
        <ConnectionMark live={live} />
        <span class="role" title="What this login may do">
          {role}
        </span>
        <button type="button" class="quiet" onClick={logOut}>
          Log out
        </button>
      </div>
    </header>
  );
}

function isIn({ view }: Route, tab: (typeof TABS)[number]["view"]): boolean {
  return view === tab || (tab === "runs" && (view === "run" || view === "user"));
}

function Brand({ namespace }: { readonly namespace: string | undefined }) {
  return (
    <a class="brand" href={linkTo({ view: "overview" })}>
      <Mark />
      <span>Nightbeam</span>
      {namespace === undefined ? null : <span class="namespace">{namespace}</span>}
    </a>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" class="mark">
      <path class="dim" d="M3 12 L11 5 M3 12 L11 19 M11 5 L20 3" />
      <path d="M3 12 L12 12 L21 8 M12 12 L21 16" />
    </svg>
  );
}

function ConnectionMark({ live }: { readonly live: Live }) {
  const { state } = live.connection.value;
  const words = { open: "live", connecting: "connecting", lost: "not connected" }[state];
  return (
    <span class={`connection ${state}`}>
      <i />
      {words}
    </span>
  );
}

/** Says that what is shown is old. */
function Lost({ live }: { readonly live: Live }) {
  const connection = live.connection.value;
  return (
    <div role="status" class="lost-place">
      {connection.state === "lost" ? (
        <p class="lost">
          Not connected to the scheduler since {timeOf(connection.since, live.now.value)}. What is
          shown is from then; trying again.
        </p>
      ) : null}
    </div>
  );
}

function View() {
  const { route } = usePage();
  const shown = route.value;
  useEffect(() => {
    const title = {
      overview: "Overview",
      runs: "Runs",
      run: "Run",
      user: "User",
      nights: "Nights",
      nodes: "Nodes",
      alarms: "Alarms",
    }[shown.view];
    const about = "runId" in shown ? ` ${shown.runId}` : "";
    document.title = `${title}${about} · Nightbeam`;
  }, [shown]);
  switch (shown.view) {
    case "overview":
      return <Overview />;
    case "runs":
      return <RunsView />;
    case "run":
      return <RunView key={shown.runId} runId={shown.runId} shard={shown.shard} />;
    case "user":
      return <UserView runId={shown.runId} user={shown.user} />;
    case "nights":
      return <NightsView />;
    case "nodes":
      return <NodesView />;
    case "alarms":
      return <AlarmsView />;
    default:
      return shown satisfies never;
  }
}

const NOTICE_MS = 6_000;

function Notice({ text }: { readonly text: string }) {
  const { notice } = usePage();
  useEffect(() => {
    if (text === "") return;
    const timer = setTimeout(() => {
      notice.value = "";
    }, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [text, notice]);
  return (
    <div class="notice-place" role="status">
      {text === "" ? null : <p class="notice">{text}</p>}
    </div>
  );
}
