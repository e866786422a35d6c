"""A button of App Home says what the dialogue understands, and the same as in the dialogue's own list."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from actions.cards import reservation_rows
from clouddesk.language.localtime import Whereabouts
from clouddesk.model.actor import Actor
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.node import AVAILABLE, NodeImage
from clouddesk.model.reservation import ARCHIVED, LIVE_STATES, RUNNING, STOPPED
from clouddesk.model.share import EXTEND, MANAGE, USE, Share
from clouddesk.model.ssh_key import ADD_WORDS
from clouddesk.settings import PROJECT
from connectors.slack import views
from tests.builders import NOW, a_reservation, no_costs

DOMAIN = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
INTENTS = {intent if isinstance(intent, str) else next(iter(intent)) for intent in DOMAIN["intents"]}
ACCESS = CredentialInfo("aws", "ann@example.com", NOW, NOW)


def said_by(view: dict[str, Any]) -> list[str]:
    """What the buttons of the page stand for, in their order."""
    return [element["value"] for block in view["blocks"] for element in block.get("elements", ()) if "value" in element]


@pytest.mark.parametrize("state", LIVE_STATES)
def test_every_button_says_an_intent_of_the_dialogue(state: str) -> None:
    page = views.home([a_reservation(state=state)], [ACCESS], no_costs(), now=NOW, reader=Whereabouts())
    *said, key = said_by(page)
    assert key == ADD_WORDS, "which opens a form, and is understood as words"
    assert {payload.lstrip("/").partition("{")[0] for payload in said} <= INTENTS
    assert all(payload.startswith("/") for payload in said)


@pytest.mark.parametrize("archived", [None, 0.01])
@pytest.mark.parametrize("state", [RUNNING, STOPPED, ARCHIVED])
def test_what_can_be_done_with_a_machine_is_what_the_list_offers(state: str, archived: float | None) -> None:
    item = a_reservation(state=state, archived_hourly_price_usd=archived)
    (row,) = reservation_rows([item], Actor("local", "ann"), NOW)
    offered = [button["payload"] for button in row["buttons"]]
    assert said_by(views.home([item], [], no_costs(), now=NOW, reader=Whereabouts()))[: len(offered)] == offered


def test_what_is_stopped_is_archived_by_a_button_where_that_costs_less() -> None:
    def intents(**prices: float | None) -> list[str]:
        view = views.home([a_reservation(state=STOPPED, **prices)], [], no_costs(), now=NOW, reader=Whereabouts())
        return [payload.lstrip("/").partition("{")[0] for payload in said_by(view)]

    assert "archive_resource" in intents(archived_hourly_price_usd=0.01)
    assert "archive_resource" not in intents(archived_hourly_price_usd=0.02)
    assert "archive_resource" not in intents(archived_hourly_price_usd=None)


@pytest.mark.parametrize(("allowed", "is_offered"), [(USE, False), (EXTEND, False), (MANAGE, True)])
def test_a_colleague_archives_only_what_they_manage(allowed: str, *, is_offered: bool) -> None:
    share = Share("ben", allowed)
    item = a_reservation(state=STOPPED, archived_hourly_price_usd=0.01, shares=(share,))
    page = views.home([], [], no_costs(), now=NOW, reader=Whereabouts(), shared=[(item, share)])
    (row,) = reservation_rows([item], Actor("local", "ben"), NOW)
    for said in (said_by(page), [button["payload"] for button in row["buttons"]]):
        assert any(payload.startswith("/archive_resource") for payload in said) is is_offered


def test_what_is_archived_is_started_extended_or_given_back_and_says_so() -> None:
    images = tuple(NodeImage(f"i-{key}", key, AVAILABLE, 20.0) for key in ("a", "b", "c"))
    item = a_reservation(state=ARCHIVED, archived_hourly_price_usd=0.01, images=images)
    page = views.home([item], [], no_costs(), now=NOW, reader=Whereabouts())

    said = [payload.lstrip("/").partition("{")[0] for payload in said_by(page)]
    assert said[:3] == ["start_resource", "extend_reservation", "terminate_resource"]
    text = "\n".join(block["text"]["text"] for block in page["blocks"] if block["type"] == "section")
    assert "is archived" in text
    assert "$0.01/h" in text
