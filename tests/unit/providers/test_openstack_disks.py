"""Which of a reservation's images count beside the servers that it has."""

from __future__ import annotations

import pytest

from clouddesk.model.node import AVAILABLE, ERROR, PENDING, NodeImage
from clouddesk.providers.openstack_disks import DiskImage, settled


def disk(state: str = AVAILABLE, *, is_set_aside: bool = False) -> DiskImage:
    return DiskImage(NodeImage("i-1", "node-1", state, 2.0, "s-1"), "inst", "r-1", "T1/U1", is_set_aside)


def server(task: str | None = None, id_: str = "s-1") -> dict[str, object]:
    return {"id": id_, "OS-EXT-STS:task_state": task}


@pytest.mark.parametrize(
    ("servers", "state"),
    [
        ([server()], AVAILABLE),
        ([server("image_uploading")], PENDING),
        ([server("image_pending_upload")], PENDING),
        ([server("image_uploading", "s-2"), server()], AVAILABLE),
        ([server("powering-on")], AVAILABLE),
        ([], AVAILABLE),
    ],
)
def test_an_image_counts_only_when_nova_is_done_with_its_server(servers: list[dict[str, object]], state: str) -> None:
    assert [image.state for image in settled([disk()], servers)] == [state]


def test_an_image_that_failed_stays_so() -> None:
    assert [image.state for image in settled([disk(ERROR)], [server("image_uploading")])] == [ERROR]


def test_what_is_set_aside_is_for_the_teardown_only() -> None:
    assert settled([disk(is_set_aside=True)], [server()]) == []
    assert [image.id for image in settled([disk(is_set_aside=True)], [])] == ["i-1"]
