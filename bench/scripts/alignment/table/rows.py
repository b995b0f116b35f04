"""What is compared: the ways to train a draft, and the budgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nightbeam_training.cli.fit_options import FitArguments


@dataclass(frozen=True)
class Row:
    """One way to train a draft."""

    name: str
    options: dict[str, object]
    """Fields of AlignOptions that differ from the published settings."""


PUBLISHED = ("word-kd", "tvd-kd", "seq-kd", "atspeed-s", "atspeed-r")
ROWS = [
    Row("sft", {"objective": "sft", "rec_scope": "answer"}),
    Row("sft, all tokens", {"objective": "sft", "rec_scope": "all"}),
    *(Row(name, {"objective": name, "rec_scope": "answer"}) for name in PUBLISHED),
    *(Row(f"{name}, all tokens", {"objective": name, "rec_scope": "all"}) for name in PUBLISHED),
    Row(
        "seq-kd, released label",
        {"objective": "seq-kd", "rec_scope": "all", "variant": "released"},
    ),
    Row(
        "atspeed-s, renormalized",
        {"objective": "atspeed-s", "rec_scope": "all", "variant": "renormalized"},
    ),
    Row("atspeed-s, mixture", {"objective": "atspeed-s", "rec_scope": "all", "mixture": 0.5}),
    *(Row(name, {"objective": name, "alpha": 1.0}) for name in ("beam-kd", "beam-score", "heads")),
]


@dataclass(frozen=True)
class Budget:
    training: FitArguments
    """The published settings, where nothing else is said."""
    validation: int = 512
    model: tuple[str, ...] = ("--validation", "500")
    """Options of `nightbeam-train target` for the target and the initial draft."""


BUDGETS = {
    "paper": Budget(FitArguments()),
    "steps": Budget(
        FitArguments(epochs=3, batch_size=64, learning_rate=2e-3, weight_decay=0.01, patience=0)
    ),
    "rehearsal": Budget(
        FitArguments(epochs=1, batch_size=16, warmup_steps=1),
        validation=8,
        model=(
            *("--validation", "8", "--epochs", "1"),
            *("--layers", "1", "--width", "32", "--heads", "2", "--feed-forward", "64"),
        ),
    ),
}


@dataclass(frozen=True)
class Place:
    """Where the experiment's files are."""

    out: Path
    catalogue: Path
    target: Path
    budget: str
    device: str
    test_users: int | None

    @property
    def begin(self) -> Path:
        return self.out / "draft-begin"

    @property
    def lessons(self) -> Path:
        return self.out / "teacher-train"

    @property
    def test(self) -> Path:
        return self.out / "teacher-test"

    def result(self, row: Row, seed: int) -> Path:
        name = row.name.replace(", ", "-").replace(" ", "-")
        return self.out / "results" / self.budget / f"{name}-{seed}.json"
