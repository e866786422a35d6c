"""Openings in a request: what a message changes, what the card says, and what is said of machines that run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions import openings
from actions.base import say_fault
from actions.cards import quote_card, reservation_card
from actions.opened import ActionOpenings
from actions.request_fields import change_words
from actions.requests import stated_in
from actions.turn import Turn
from clouddesk.model.actor import Actor
from clouddesk.model.errors import (
    CredentialsRejected,
    NoFirewall,
    ProviderDown,
    ProviderError,
    PutBack,
    QuotaExceeded,
    RequestRejected,
    Unsure,
)
from clouddesk.model.node import SSH, Opening
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


def turn(text: str, request: dict[str, Any] | None = None, *, intent: str = "schedule_power", desk: Any = None) -> Turn:
    return Turn(
        desk=desk,
        actor=ANN,
        conversation="local:console:-:ann",
        text=text,
        intent=intent,
        entities={},
        message_id="m-1",
        request=request,
    )


async def quote(**fields: Any) -> tuple[MemoryDesk, Quote]:
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    return world, await world.desk.quote(ANN, ResourceRequest(**fields))


def test_an_open_request_is_opened_widened_and_closed_again():
    request = {"kind": "vm", "software": ["redis"], "open_to": ["203.0.113.7/32"]}
    assert openings.meant(turn("open it to 198.51.100.0/24", request)) == {"open_to": ["198.51.100.0/24"]}
    assert openings.meant(turn("also open it to 198.51.100.0/24", request)) == {
        "open_to": ["203.0.113.7/32", "198.51.100.0/24"]
    }
    assert openings.meant(turn("close it", request)) == {"open_to": None}
    assert openings.meant(turn("close it", {"kind": "vm"})) == {}
    assert stated_in(turn("a vm open to 203.0.113.7", desk=MemoryDesk().desk))["open_to"] == ["203.0.113.7/32"]


@pytest.mark.parametrize(
    ("text", "request_", "intent", "of_request", "of_running"),
    [
        ("open it to 203.0.113.7", {"kind": "vm"}, "schedule_power", True, False),
        ("open it to 203.0.113.7", None, "schedule_power", False, True),
        ("open it to my laptop", {"kind": "vm"}, "connect_info", True, False),
        ("a vm open to 203.0.113.7", {"kind": "vm"}, "create_vm", False, False),
        ("a vm open to 203.0.113.7", None, "create_vm", False, False),
        ("yes, and open it to 203.0.113.7", {"kind": "vm"}, "affirm", False, False),
        ("close it", None, "stop_resource", False, False),
        ("how do I open port 8888 of etl-1?", None, "connect_info", False, False),
        ("allow it to everybody", None, "share_resource", False, False),
        ("let 203.0.113.9 in", None, "share_resource", False, True),
        ("close port 8080", None, "stop_resource", False, True),
        ("close port 8080", {"kind": "vm"}, "stop_resource", False, False),
        ("how do I log in", {"kind": "vm"}, "connect_info", False, False),
    ],
)
def test_whom_it_is_about(
    text: str, request_: dict[str, Any] | None, intent: str, of_request: bool, of_running: bool
) -> None:
    said = turn(text, request_, intent=intent)
    assert (openings.changes_open_request(said), openings.asks_of_running(said)) == (of_request, of_running)


def test_a_button_opens_nothing():
    assert not openings.meant(turn('/inform{"x": "open to 203.0.113.7"}', {"kind": "vm"}))


async def test_the_card_says_what_a_yes_opens_and_the_order_has_it():
    world, made = await quote(software=("redis",), open_to=("203.0.113.0/24",))
    assert "Open: port 6379 to 203.0.113.0/24" in quote_card(made, ANN, None).text
    reserved = await world.desk.reserve(ANN, made.id, conversation="c")
    order = world.engine.orders[reserved.id].nodes
    assert order.openings == (SSH, Opening(6379, 6379, "203.0.113.0/24"))
    assert reserved.openings == order.openings[1:]


async def test_unless_it_is_said_only_ssh_is_let_in_and_the_card_speaks_of_nothing():
    world, made = await quote(software=("redis", "jupyter"))
    assert "pen" not in "".join(openings.quote_lines(made))
    reserved = await world.desk.reserve(ANN, made.id, conversation="c")
    assert world.engine.orders[reserved.id].nodes.openings == (SSH,)


@pytest.mark.parametrize("source", ["0.0.0.0/0", "128.0.0.0/1"])
async def test_everybody_comes_with_a_warning(source: str) -> None:
    _, made = await quote(software=("jupyter",), open_to=(source,))
    (line,) = openings.quote_lines(made)
    assert "whole internet" in line
    assert f"port 8888 to {source}" in line


async def test_with_nothing_to_open_a_port_is_asked_for():
    _, made = await quote(open_to=("203.0.113.7/32",))
    assert made.openings == ()
    assert "say which" in openings.quote_lines(made)[0]
    _, made = await quote(open_to=("203.0.113.7/32",), open_ports=("8080", "9000-9010"))
    assert "ports 8080 and 9000-9010 to 203.0.113.7/32" in openings.quote_lines(made)[0]


@pytest.mark.parametrize(
    ("text", "request_", "said"),
    [
        ("open it to 300.1.2.3", {}, "300.1.2.3 is no address"),
        ("open it to my laptop", {}, "do not know your address"),
        ("open port 8080", {}, "To whom?"),
        ("open port 8080", {"open_to": ["203.0.113.7/32"]}, ""),
        ("a vm", {}, ""),
    ],
)
def test_what_could_not_be_taken_is_said(text: str, request_: dict[str, Any], said: str) -> None:
    found = openings.misread(text, request_)
    assert said in found
    assert bool(found) == bool(said)


def test_a_change_is_repeated_in_words():
    assert change_words({"open_to": ["203.0.113.7/32"], "open_ports": ["80"]}) == "open to 203.0.113.7/32, port 80"
    assert change_words({"open_to": None}) == "closed but for SSH"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RequestRejected("aws"), "utter_openings_refused"),
        (QuotaExceeded("aws"), "utter_openings_refused"),
        (NoFirewall("aws"), "utter_error_no_firewall"),
        (CredentialsRejected("aws"), "utter_error_credentials_rejected"),
        (ProviderDown("aws"), "utter_error_provider_down"),
        (PutBack("aws"), "utter_error_put_back"),
        (Unsure("aws"), "utter_error_unsure"),
    ],
)
async def test_what_became_of_a_change_that_failed_is_said(error: ProviderError, said: str) -> None:
    world, made = await quote()
    reserved = await world.desk.reserve(ANN, made.id, conversation="c")
    world.engine.finish_provisioning(reserved.id)
    world.engine.fault = error
    asked = turn("open port 8080 to 203.0.113.7", desk=world.desk)
    asked.facts = {
        "openings": {"before": [], "after": [{"first_port": 8080, "last_port": 8080, "source": "203.0.113.7/32"}]}
    }
    try:
        await ActionOpenings().do(asked, await world.desk.reservation(ANN, reserved.id))
    except ProviderError as failed:
        say_fault("openings", asked, failed)
    assert [reply["response"] for reply in asked.replies] == [said]


async def test_what_is_not_certain_is_on_the_card_and_said_when_nothing_else_is_agreed() -> None:
    world, made = await quote()
    reserved = await world.desk.reserve(ANN, made.id, conversation="c")
    world.engine.finish_provisioning(reserved.id)
    opening = Opening(8080, 8080, "203.0.113.7/32")
    item = replace(await world.desk.reservation(ANN, reserved.id), unsure_openings=(opening,))
    text = reservation_card(item, ANN, world.desk.clock()).text
    assert "Not certain: whether port 8080 to 203.0.113.7/32 is open" in text
    world.engine.views.items[reserved.id] = item
    asked = turn("close port 8080", desk=world.desk, intent="stop_resource")
    assert not await ActionOpenings().ask(asked, [item])
    assert [reply["response"] for reply in asked.replies] == ["utter_openings_same_unsure"]
