"""A catalogue, histories, two models and teacher data, as files."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import make_world, write_histories, write_index

from cli.place import ONE_THREAD, Place, run
from nightbeam_training.model.checkpoint import save_checkpoint


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder, world = tmp_path_factory.mktemp("place"), make_world()
    return Place(
        folder=folder,
        world=world,
        catalogue=write_index(folder / "items.index.json", world.catalogue),
        histories=write_histories(folder / "histories.jsonl", world.catalogue, world.histories),
    )


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "curves" not in request.node.name:
        monkeypatch.setattr("nightbeam_training.train.log.draw_curves", lambda *_: None)


@pytest.fixture(scope="module")
def made(place: Place) -> dict[str, Path]:
    """A target, a draft, and teacher data."""
    paths = {name: place.folder / name for name in ("target", "draft", "teacher")}
    save_checkpoint(place.world.target, paths["target"])
    save_checkpoint(place.world.draft, paths["draft"])
    asked = ["--target", paths["target"], *place.data(), "--out", paths["teacher"]]
    run("teacher", *asked, "--beam-width", 4, "--shard-size", 16, *ONE_THREAD)
    return paths
