import { Panel } from "../../parts/panel.js";
import { linkTo } from "../route.js";

/** Asks for a user, whose list and search are then shown. */
export function UserLookup({ runId }: { readonly runId: string }) {
  return (
    <Panel title="One user" class="lookup">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const user = String(new FormData(event.currentTarget).get("user") ?? "").trim();
          if (user !== "") window.location.hash = linkTo({ view: "user", runId, user });
        }}
      >
        <input name="user" aria-label="User" placeholder="id of a user" required />
        <button type="submit">Show list</button>
      </form>
    </Panel>
  );
}
