"""Pictures only where they are the point: drawing takes longer than all the rest."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "picture" not in request.node.name:
        monkeypatch.setattr("nightbeam_training.train.log.draw_curves", lambda *_: None)
