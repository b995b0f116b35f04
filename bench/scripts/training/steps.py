"""Steps of a rehearsal: commands whose logs are kept, so that a run can be continued."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
NIGHTBEAM = ["node", HERE.parents[2] / "services/cli/bin/nightbeam.js"]
TRAIN = [sys.executable, "-m", "nightbeam_training"]


def step(out: Path, name: str, *command: object, tail: int = 12) -> str:
    """Runs a command whose output goes to `name`.log; prints and returns its last lines, the times
    that it took among them. Nothing runs if the log is there already."""
    log, words = out / f"{name}.log", [str(word) for word in command]
    if not log.exists():
        print(f"\n{name}: {' '.join(words)}", flush=True)
        started, partial = time.monotonic(), log.with_suffix(".partial")
        with partial.open("w") as file:
            process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - started
            cpu = used.ru_utime + used.ru_stime
            file.write(f"{seconds:,.0f} s, {cpu:,.0f} s of user and system CPU time\n")
        if process.returncode != 0:
            sys.exit(f"{name} failed, see {partial}")
        partial.rename(log)
    last = "\n".join(log.read_text().splitlines()[-tail:])
    print(last, flush=True)
    return last
