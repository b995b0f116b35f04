"""Draws curves only in the tests about them: drawing takes longer than the rest."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_curves(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "curves" not in request.node.name:
        monkeypatch.setattr("nightbeam_training.train.log.draw_curves", lambda *_: None)
