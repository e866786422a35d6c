"""For all tests: property tests try the same examples every time, Ctrl-C works in what the tests start, and what takes
long begins first."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

_TESTS = Path(__file__).parent

# So that a run says something about the change.
settings.register_profile("same-every-time", derandomize=True)
settings.load_profile("same-every-time")

# A script's background job ignores Ctrl-C, and so does all that it starts; the tests of Ctrl-C begin as in a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST_FIRST = (
    "integration/test_docker_spark.py",
    "integration/test_conversations.py",
    "contract/test_provider_images.py",
    "integration/test_docker_stores.py",
    "contract/test_provider_contract.py",
    "integration/test_docker_compute.py",
    "integration/test_open_ports.py",
    "integration/test_configuration.py",
    "integration/",
    "workflows/",
    "contract/",
    "conversation/",
    "unit/",
)
"""Beginnings of paths. A file is one process' from its first test to its last: one that takes minutes and comes last
would keep the others waiting. What mostly waits for clouds runs beside what computes. A process of whose file two tests
are left is given the next one that nobody has, so that a file of one or two tests is followed by a short one here."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which files are given out: that of LONGEST_FIRST, and what is not in it at the end."""
    items.sort(key=lambda item: _rank(item.path.relative_to(_TESTS).as_posix()))


def _rank(path: str) -> int:
    return next((rank for rank, start in enumerate(LONGEST_FIRST) if path.startswith(start)), len(LONGEST_FIRST))
