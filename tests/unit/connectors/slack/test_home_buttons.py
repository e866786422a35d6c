"""A button of App Home says what the dialogue understands, and the same as in the dialogue's own list."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from actions.cards import reservation_rows
from clouddesk.language.localtime import Whereabouts
from clouddesk.model.actor import Actor
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.reservation import LIVE_STATES, RUNNING, STOPPED
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


@pytest.mark.parametrize("state", [RUNNING, STOPPED])
def test_what_can_be_done_with_a_machine_is_what_the_list_offers(state: str) -> None:
    item = a_reservation(state=state)
    (row,) = reservation_rows([item], Actor("local", "ann"), NOW)
    offered = [button["payload"] for button in row["buttons"]]
    assert said_by(views.home([item], [], no_costs(), now=NOW, reader=Whereabouts()))[: len(offered)] == offered
