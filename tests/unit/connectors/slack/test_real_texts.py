"""The texts that CloudDesk really sends, as cards: small print, examples to press, signs of notices, progress."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from actions import cards as dialogue
from clouddesk.model.actor import Actor
from clouddesk.model.node import GONE, PENDING, RUNNING, STOPPED, Node
from clouddesk.model.notice import PARTIAL, READY, STARTED, Notice
from clouddesk.model.reservation import PROVISIONING, RELEASING, STOPPING
from clouddesk.model.reservation import RUNNING as IS_RUNNING
from clouddesk.sandbox.slack.blocks import check_blocks
from clouddesk.sandbox.slack.schema import MESSAGE
from clouddesk.settings import PROJECT
from connectors.notices import Wording
from connectors.rasa import Button, Form, Reply, Row
from connectors.slack import words
from connectors.slack.cards import Post, copyable, of_notice, of_reply, progress
from connectors.slack.text import is_private
from tests.builders import NOW, a_reservation
from tests.unit.connectors.slack.test_views import a_quote

RESPONSES: dict[str, Any] = yaml.safe_load((PROJECT / "domain.yml").read_text())["responses"]
ANN = Actor("T1", "U1", timezone="Europe/Berlin")
VALUES = {
    **dict.fromkeys(("nodes", "up", "missing"), "3"),
    **dict.fromkeys(("hourly", "up_hourly", "cost", "extension"), "$0.60"),
    **dict.fromkeys(("ends", "choose_by"), NOW.isoformat()),
    **{"name": "spark-1", "provider": "aws", "region": "us-east-1", "size": "m5.xlarge", "simulated": "yes"},
    **{"addresses": "203.0.113.7, 203.0.113.8", "things": "i-1", "which": "node-1", "reason": "no_capacity"},
}


def small(post: Post) -> str:
    return "\n".join(item["text"] for block in post.blocks if block["type"] == "context" for item in block["elements"])


def titles(post: Post) -> list[tuple[str, str | None]]:
    rows = [block["elements"] for block in post.blocks if block["type"] == "actions"]
    return [(item["text"]["text"], item.get("style")) for row in rows for item in row]


def a_notice(kind: str, **values: str) -> Notice:
    return Notice("n-1", kind, "T1", "U1", "T1:C1:-:U1", "r-1", NOW, {**VALUES, **values})


def a_node(number: int, state: str) -> Node:
    return Node(f"i-{number}", f"node-{number}", "node", state, "aws", "us-east-1", "m5.xlarge")


def test_a_quote_has_its_hints_in_small_print_and_its_price_in_large() -> None:
    quote = a_quote()
    quote = replace(quote, defaults=("count", "os"), runner_up=quote.offer, runner_up_hourly_price_usd=0.7)
    card = dialogue.quote_card(quote, ANN, None)
    buttons = (Button("Yes, get it", '/affirm{"quote_id": "q-1"}'), Button("No", '/deny{"quote_id": "q-1"}'))
    text = RESPONSES["utter_quote"][0]["text"].format(card=card, warning="", them="them")
    (post,) = of_reply(Reply(text, buttons, small=card.small))
    assert check_blocks(post.blocks, MESSAGE) == []
    for hint in ("(simulated:", "Next: 3 × m5.xlarge", "“default” is what I chose"):
        assert hint in small(post)
    assert "$0.60/h" not in small(post)
    assert post.blocks[0]["text"]["text"].startswith("*Cheapest I found:*\n*3 × m5.xlarge* (default number) on AWS")
    assert post.blocks[-2]["text"]["text"].startswith("Shall I get them?")
    assert titles(post) == [("Yes, get it", "primary"), ("No", None)]


HELPING = [said for variations in RESPONSES.values() for said in variations if "examples" in said.get("custom", {})]


@pytest.mark.parametrize("said", HELPING)
def test_examples_of_a_help_text_can_be_pressed(said: dict[str, Any]) -> None:
    (post,) = of_reply(Reply(said["text"], examples=tuple(said["custom"]["examples"])))
    assert check_blocks(post.blocks, MESSAGE) == []
    pressed = [title for title, _ in titles(post)]
    assert len(pressed) > 1
    assert all(f'"{title}"' in post.text for title in pressed)
    assert not any("-1" in title for title in pressed), "nothing is offered about machines that may not be there"


@pytest.mark.parametrize("name", sorted(name for name in RESPONSES if not name.startswith("utter_notice_")))
def test_slack_takes_every_answer_of_the_dialogue(name: str) -> None:
    for variation in RESPONSES[name]:
        for post in of_reply(Reply(variation.get("text") or "")):
            assert check_blocks(post.blocks, MESSAGE) == []


@pytest.mark.parametrize("kind", sorted(words.ICONS))
def test_every_notice_is_one_message_with_its_sign(kind: str) -> None:
    notice = a_notice(kind)
    reply = Wording().render(notice, timezone_name=ANN.timezone)
    post = of_notice(notice, reply)
    assert check_blocks(post.blocks, MESSAGE) == []
    assert post.text.startswith(words.ICONS[kind])
    assert [title for title, _ in titles(post)] == [button.title for button in reply.buttons]


def test_a_notice_that_is_too_long_says_where_the_rest_is() -> None:
    post = of_notice(a_notice(READY), Reply("word " * 3_000, (Button("Details", "/describe_resource"),)))
    assert check_blocks(post.blocks, MESSAGE) == []
    assert post.text.endswith("(“details of spark-1” shows the rest)")
    assert titles(post) == [("Details", None)]


def test_addresses_are_lines_to_copy_and_private() -> None:
    notice = a_notice(READY)
    post = of_notice(notice, Wording().render(copyable(notice), timezone_name="UTC"))
    assert "\n`203.0.113.7`\n`203.0.113.8`\n" in post.text
    assert is_private(post.text)
    again = a_notice(STARTED)
    assert "(`203.0.113.7`, `203.0.113.8`)" in Wording().render(copyable(again), timezone_name="UTC").text
    assert not is_private(of_notice(a_notice(PARTIAL), Wording().render(a_notice(PARTIAL), timezone_name="UTC")).text)


def test_only_giving_all_back_is_red_when_machines_came_up_in_part() -> None:
    notice = a_notice(PARTIAL)
    post = of_notice(notice, Wording().render(notice, timezone_name="UTC"))
    assert [style for _, style in titles(post)] == [None, None, "danger"]


TERMINAL = sorted(name for name, said in RESPONSES.items() if "clouddesk credentials add" in said[0].get("text", ""))


@pytest.mark.parametrize("name", TERMINAL)
def test_where_a_command_for_the_terminal_is_told_slack_has_a_form_behind_a_button(name: str) -> None:
    (said,) = RESPONSES[name]
    filled = {
        key: text.format(provider="aws", command="aws", title="AWS") for key, text in said["custom"]["form"].items()
    }
    (post,) = of_reply(Reply(said["text"], form=Form(**filled)))
    assert "terminal" not in post.text
    assert "button below" in post.text
    assert post.blocks[-1]["elements"][0]["value"].startswith("/add_credentials")


def test_a_form_is_of_the_cloud_that_is_spoken_of() -> None:
    (post,) = of_reply(Reply("Run …", form=Form("Use the button below.", "aws")))
    assert post.text == "Use the button below."
    assert titles(post) == [("Add AWS access here", None)]
    assert post.blocks[1]["elements"][0]["value"] == '/add_credentials{"provider": "aws"}'
    (post,) = of_reply(Reply("Run …", form=Form("Use the button below.")))
    assert post.blocks[1]["elements"][0]["value"] == "/add_credentials"


def test_a_notice_that_is_simulated_says_so_in_small_print() -> None:
    notice = a_notice(READY)
    post = of_notice(notice, Wording().render(notice, timezone_name="UTC"))
    assert small(post) == "_(simulated)_"


def test_which_one_to_give_back_is_no_row_of_red_buttons() -> None:
    choices = [Button(f"vm-{number}", f'/terminate_resource{{"resource_name": "r-{number}"}}') for number in (1, 2)]
    (post,) = of_reply(Reply("Which one?", tuple(choices)))
    assert titles(post) == [("vm-1", None), ("vm-2", None)]


def test_the_list_of_the_dialogue_has_its_buttons_at_each_line() -> None:
    items = [a_reservation(id=f"r-{number}", name=f"vm-{number}") for number in range(3)]
    rows = tuple(
        Row(row["text"], tuple(Button(item["title"], item["payload"]) for item in row["buttons"]))
        for row in dialogue.reservation_rows(items, ANN, NOW)
    )
    listed = dialogue.reservation_list(items, ANN, NOW)
    (post,) = of_reply(Reply(listed.text, rows=rows, small=listed.small))
    kinds = [block["type"] for block in post.blocks]
    assert kinds == ["section", *["section", "actions"] * 3, "context"]


@pytest.mark.parametrize(
    ("state", "nodes", "said"),
    [
        (PROVISIONING, [RUNNING, RUNNING, PENDING], "is coming up: 2 of 3 machines up"),
        (PROVISIONING, [], "is coming up: 0 of 3 machines up"),
        (STOPPING, [STOPPED, RUNNING, RUNNING], "is being stopped: 1 of 3 machines stopped"),
        (RELEASING, [GONE, GONE, GONE], "is being given back: 3 of 3 machines gone"),
        (IS_RUNNING, [RUNNING, RUNNING, RUNNING], "is running"),
    ],
)
def test_progress_says_how_far_it_is(state: str, nodes: list[str], said: str) -> None:
    item = a_reservation(state=state, nodes=tuple(a_node(number, one) for number, one in enumerate(nodes)))
    post = progress(item)
    assert check_blocks(post.blocks, MESSAGE) == []
    assert post.text == f"*spark-1* {said}"


def test_the_bar_of_progress_fills() -> None:
    bars = []
    for up in range(4):
        nodes = tuple(a_node(number, RUNNING if number < up else PENDING) for number in range(3))
        bars.append(progress(a_reservation(state=PROVISIONING, nodes=nodes)).blocks[0]["text"]["text"].count("█"))
    assert bars == [0, 4, 8, 12]
