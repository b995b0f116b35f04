"""One thread for all, and the worlds that several folders use."""

from __future__ import annotations

import pytest
import torch
from world import World, make_world


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world() -> World:
    return make_world()
