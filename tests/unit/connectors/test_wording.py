"""Notices in words."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from clouddesk.language.localtime import Whereabouts, local_time
from clouddesk.model import notice as kinds
from clouddesk.model.notice import Notice
from connectors.notices import Wording, concludes

KINDS = [value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)]
NOW = datetime.now(timezone.utc)


def notice(kind: str, **values: str) -> Notice:
    filled = {
        "name": "spark-1",
        "reservation_id": "r-1",
        "nodes": "3",
        "provider": "digitalocean",
        "region": "fra1",
        "size": "s-2vcpu-4gb",
        "addresses": "10.0.0.1, 10.0.0.2",
        "hourly": "$0.12",
        "extension": "$0.24",
        "cost": "$1.23",
        "ends": (NOW + timedelta(days=30)).isoformat(),
        "minutes_left": "30",
        "reason": "",
        "simulated": "yes",
        "asked_by": "ben",
        "what": "*spark-1* for 2 hours longer",
        "reasons": "• ben's budget",
        **values,
    }
    return Notice("n1", kind, "local", "ann", "local:console:-:ann", "r-1", NOW, filled)


OF_NO_RESERVATION = (kinds.DIGEST, kinds.TEAM_DIGEST, kinds.AWAY, kinds.BILL, kinds.NOT_NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_notice_has_a_wording_without_gaps(kind: str):
    reply = Wording().render(notice(kind), timezone_name="UTC")
    assert "spark-1" in reply.text or kind in OF_NO_RESERVATION
    assert not re.search(r"[{}]", reply.text)
    for button in reply.buttons:
        intent, entities = re.fullmatch(r"/(\w+)(\{.*\})?", button.payload).groups()
        assert intent
        assert json.loads(entities or "{}").get("resource_name", "r-1") == "r-1"


def test_a_reason_code_is_told_as_a_sentence():
    text = Wording().render(notice(kinds.FAILED, reason="no_capacity"), timezone_name="UTC").text
    assert "no_capacity" not in text
    assert "the cloud had no such machine free" in text


def test_a_reason_that_nobody_worded_is_not_shown_as_a_code():
    assert "strange_code" not in Wording().render(notice(kinds.FAILED, reason="strange_code"), timezone_name="UTC").text


def test_only_simulated_machines_are_called_simulated():
    assert "simulated" in Wording().render(notice(kinds.READY), timezone_name="UTC").text
    assert "simulated" not in Wording().render(notice(kinds.READY, simulated="no"), timezone_name="UTC").text


def test_times_are_told_in_the_persons_zone():
    ends = NOW + timedelta(days=30)
    text = Wording().render(notice(kinds.READY), timezone_name="Asia/Kolkata").text
    assert local_time(ends, Whereabouts("Asia/Kolkata"), NOW) in text


def test_a_kind_without_a_wording_is_shown_by_its_facts(tmp_path: Path):
    domain = tmp_path / "domain.yml"
    domain.write_text("responses: {}\n")
    assert Wording(domain).render(notice("frozen"), timezone_name="UTC").text == "*spark-1*: frozen."


@pytest.mark.parametrize("action", ["stop", "start", "reboot"])
def test_trouble_ends_the_waiting_for_what_failed(action: str):
    assert concludes(notice(kinds.TROUBLE, action=action))


def test_trouble_with_giving_back_and_a_warning_end_no_waiting():
    assert not concludes(notice(kinds.TROUBLE, action="release"))
    assert not concludes(notice(kinds.TROUBLE))
    assert not concludes(notice(kinds.EXPIRING))
    assert concludes(notice(kinds.ENDED))


@pytest.mark.parametrize("kind", [kinds.DRIFT, kinds.NOT_STARTED])
@pytest.mark.parametrize(("reason", "can_start"), [("images_gone", True), ("images_lost", False)])
def test_images_that_somebody_deleted_are_told_with_what_is_lost_and_what_can_be_done(
    kind: str, reason: str, can_start: bool
):
    reply = Wording().render(notice(kind, reason=reason, which="node-1", up_hourly="$0.01"), timezone_name="UTC")
    assert "were deleted on DigitalOcean, and not by me" in reply.text
    assert "is lost" in reply.text
    offered = {button.title: button.payload for button in reply.buttons}
    assert ("Start the others" in offered) == ("node-1" in reply.text) == can_start
    assert json.loads(offered["Order the same"].removeprefix("/decide")) == {
        "reservation_id": "r-1",
        "decision": "again",
    }
    assert offered["Give back"].startswith("/terminate_resource")
