"""What people read when a cloud has none of their machines left: in the terminal and in Slack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions import cards as dialogue
from clouddesk.model import notice as kinds
from clouddesk.model.actor import Actor
from clouddesk.model.fallback import Fallback
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import PROVISIONING
from clouddesk.sandbox.slack.blocks import check_blocks
from clouddesk.sandbox.slack.schema import MESSAGE
from clouddesk.workflows.notices import make_notice
from connectors.notices import Wording, concludes
from connectors.rasa import Reply
from connectors.slack.cards import answered, of_notice, progress
from tests.builders import NOW, a_reservation

OFFER = Fallback(
    *("digitalocean", "people/local/ann/digitalocean", "fra1", "s-4vcpu-16gb-amd", "ubuntu-22.04", "x86_64", False),
    *(25.0, 4, 16.0, 0.75, 0.75),
)
FACTS = {
    kinds.MOVED: {
        **{"from_provider": "digitalocean", "from_region": "fra1", "from_size": "s-4vcpu-16gb-amd"},
        **{"from_hourly": "$0.59", "reason": "quota_exceeded"},
    },
    kinds.DEARER: {"reason": "no_capacity", "agreed_hourly": "$0.60", "offer_more": "25 %"},
    kinds.FAILED: {"reason": "no_capacity", "tried": "aws/eu-central-1/m5.xlarge digitalocean/fra1/s-4vcpu-16gb-amd"},
}


def a_notice(kind: str) -> Notice:
    asked: dict[str, Any] = {"offered": OFFER, "choose_by": NOW + timedelta(minutes=30)} if kind == kinds.DEARER else {}
    return make_notice(a_reservation(state=PROVISIONING, **asked), kind, NOW, **FACTS[kind])


def worded(kind: str) -> Reply:
    return Wording().render(a_notice(kind), timezone_name="UTC")


def test_a_move_is_told_with_both_places_and_both_prices():
    text = worded(kinds.MOVED).text
    for words in (
        "DigitalOcean could not give me s-4vcpu-16gb-amd in fra1 for *spark-1*",
        "your account's limit at the cloud is reached",
        "3 × m5.xlarge on AWS in eu-central-1 instead, $0.60 an hour instead of $0.59",
        '"give back spark-1"',
    ):
        assert words in text
    assert not concludes(a_notice(kinds.MOVED)), "the machines are still on their way"


def test_what_is_dearer_is_asked_with_its_price_and_the_end_of_the_question():
    reply = worded(kinds.DEARER)
    for words in (
        "AWS could not give me m5.xlarge in eu-central-1",
        "3 × s-4vcpu-16gb-amd on DigitalOcean in fra1 for $0.75 an hour, 25 % more than the $0.60",
        "if nobody says yes, *spark-1* ends",
        "12:30",
    ):
        assert words in reply.text
    assert [(item.title, "take" in item.payload, "decline" in item.payload) for item in reply.buttons] == [
        ("Yes, for $0.75 an hour", True, False),
        ("No", False, True),
    ]


def test_when_nothing_could_be_had_all_that_was_tried_is_named():
    text = worded(kinds.FAILED).text
    assert "I tried m5.xlarge on AWS in eu-central-1, then s-4vcpu-16gb-amd on DigitalOcean in fra1." in text


@pytest.mark.parametrize("kind", sorted(FACTS))
def test_slack_shows_each_as_one_message_that_also_reads_without_its_blocks(kind: str):
    notice, reply = a_notice(kind), worded(kind)
    post = of_notice(notice, reply)
    assert check_blocks(post.blocks, MESSAGE) == []
    assert "*spark-1*" in post.text
    rows = [block["elements"] for block in post.blocks if block["type"] == "actions"]
    assert [item["text"]["text"] for row in rows for item in row] == [item.title for item in reply.buttons]


def test_the_answer_to_the_card_takes_the_place_of_its_buttons():
    post = of_notice(a_notice(kinds.DEARER), worded(kinds.DEARER))
    changed = answered(post.text, post.blocks, "say:0")
    assert changed is not None
    assert not [block for block in changed.blocks if block["type"] == "actions"]
    assert "You chose *Yes, for $0.75 an hour*." in str(changed.blocks)


def test_progress_and_list_say_that_an_answer_is_waited_for():
    item = a_reservation(state=PROVISIONING, offered=OFFER)
    post = progress(item)
    assert check_blocks(post.blocks, MESSAGE) == []
    assert "waits for your answer" in post.text
    line, details = (
        show(item, Actor("local", "ann"), NOW) for show in (dialogue.reservation_line, dialogue.reservation_card)
    )
    assert "waits for your answer" in line
    assert "$0/h" in line, "nothing of it runs"
    assert "Shall I take 3 × s-4vcpu-16gb-amd on DigitalOcean in fra1, $0.75/h?" in str(details)
