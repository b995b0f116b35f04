import { useState } from "preact/hooks";
import { ask } from "./requests.js";
import { usePage } from "./state.js";

/** Asks for a token. The scheduler answers with a cookie, and the page forgets the token. */
export function Login() {
  const { enter } = usePage();
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const logIn = async (form: HTMLFormElement) => {
    const token = String(new FormData(form).get("token") ?? "");
    setBusy(true);
    try {
      await ask({ method: "POST", path: "/v1/session", body: { token } });
      await enter();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <main class="login">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          void logIn(event.currentTarget);
        }}
      >
        <h1>Nightbeam</h1>
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
        />
        <p class="hint">
          One that the scheduler accepts. <code>nightbeam cluster up</code> keeps its own in{" "}
          <code>.nightbeam/cluster/token</code>.
        </p>
        <button type="submit" class="primary" disabled={isBusy}>
          Log in
        </button>
        <p role="alert" class="problem">
          {problem}
        </p>
      </form>
    </main>
  );
}
