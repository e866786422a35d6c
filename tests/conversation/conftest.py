"""One model of the rules for all tests of the dialogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversation.stage import train


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("rules"))
