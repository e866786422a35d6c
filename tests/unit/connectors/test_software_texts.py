"""What people read of a cluster's software: in the terminal and in Slack."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from actions import cards as dialogue
from clouddesk.model import configuration
from clouddesk.model import notice as kinds
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Client, Link
from clouddesk.model.node import Node
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import CONFIGURING, SCALING, Reservation
from clouddesk.workflows.notices import make_notice
from connectors.notices import QUESTIONS, Wording, concludes
from connectors.rasa import Reply
from connectors.slack.cards import progress
from tests.builders import NOW, a_reservation

CAUSES = [value for name, value in vars(configuration).items() if name.isupper() and isinstance(value, str)]
ANN = Actor("local", "ann")
NODE = Node("i-1", "scheduler", "scheduler", "running", "docker", "local", "s", "127.0.0.1", "10.0.0.2", ssh_port=22004)
FAILED = {"reason": "mirror_down", "step": "installing Dask", "which": "worker-1", "lines": "no route\nto the mirror"}


def a_dask(**changes: object) -> Reservation:
    facts = {
        "nodes": (NODE,),
        "node_count": 1,
        "is_simulated": False,
        "has_owner_keys": True,
        "found": ("Dask summed numbers on 2 workers",),
        "links": (Link("JupyterLab", "scheduler", 8888, "/lab?token={notebook_token}"),),
        "clients": (Client("Python", "Client('{scheduler}')"),),
    }
    return a_reservation(**{**facts, **changes})


def worded(notice: Notice) -> Reply:
    return Wording().render(notice, timezone_name="UTC")


def ready(item: Reservation) -> str:
    return worded(make_notice(item, kinds.READY, NOW)).text


def unconfigured(**facts: str) -> Reply:
    item = a_dask(state=CONFIGURING, choose_by=NOW + timedelta(minutes=30), found=(), links=(), clients=())
    return worded(make_notice(item, kinds.UNCONFIGURED, NOW, **{**FAILED, **facts}))


def test_ready_says_what_was_tried_where_it_opens_and_how_to_get_there():
    text = ready(a_dask())
    for words in (
        "Dask summed numbers on 2 workers",
        "JupyterLab: http://127.0.0.1:8888/lab\n",
        "`ssh -N -L 8888:10.0.0.2:8888 root@127.0.0.1 -p 22004`",
    ):
        assert words in text
    assert "bare" not in text
    assert "{" not in text


def test_without_links_ready_still_says_what_was_tried():
    text = ready(a_dask(links=()))
    assert "Dask summed numbers on 2 workers" in text
    assert "ssh -N" not in text


def test_bare_machines_are_called_bare():
    assert "The machines are bare" in ready(a_dask(found=(), links=(), clients=()))


def test_software_that_failed_is_told_with_its_step_and_asked_about():
    reply = unconfigured()
    for words in (
        "a place that software is fetched from does not answer",
        '"installing Dask" on worker-1',
        "no route\nto the mirror",
        "12:30",
    ):
        assert words in reply.text
    assert [item.payload.partition('"decision": ')[2].strip('"}') for item in reply.buttons] == [
        "retry",
        "keep_bare",
        "give_back",
    ]
    assert kinds.UNCONFIGURED in QUESTIONS
    assert not concludes(make_notice(a_dask(), kinds.UNCONFIGURED, NOW))


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_a_sentence_of_its_own(cause):
    text = unconfigured(reason=cause).text
    (sentence,) = re.findall(r"could not be set up: (.+?\.) It failed at", text)
    assert "_" not in sentence
    others = {unconfigured(reason=other).text for other in CAUSES if other != cause}
    assert text not in others | {unconfigured(reason="never-heard-of").text}


def test_a_failure_without_a_word_is_asked_about_all_the_same():
    reply = unconfigured(lines="", step="")
    assert "```" not in reply.text
    assert len(reply.buttons) == 3


def test_the_step_is_in_lists_and_in_slacks_message():
    item = a_dask(state=CONFIGURING, step="starting workers")
    assert "configuring: starting workers" in dialogue.reservation_card(item, ANN, NOW).text
    assert progress(item).text == "*spark-1* gets its software: starting workers"
    asked = a_dask(state=CONFIGURING, choose_by=NOW)
    assert "configuring (waits for your answer)" in dialogue.reservation_card(asked, ANN, NOW).text
    assert "waits for your answer" in progress(asked).text


def test_how_to_log_in_names_secrets_and_holds_none():
    text = dialogue.connect_card(a_dask(), ANN).text
    assert "• JupyterLab: http://127.0.0.1:8888/lab?token={notebook_token}" in text
    assert "Client('10.0.0.2')" in text
    assert "lab" not in dialogue.connect_card(a_dask(), Actor("local", "ben")).text, "nobody else's business"


def test_secrets_are_put_in_where_the_reply_is_shown():
    reply = Reply("http://127.0.0.1:8888/lab?token={notebook_token} {another}", secrets_of="r-1")
    assert reply.with_secrets({"notebook_token": "made-up"}).text == "http://127.0.0.1:8888/lab?token=made-up {another}"


def test_growing_and_shrinking_are_told_with_what_it_is_now():
    item = a_dask(node_count=5)
    text = worded(make_notice(item, kinds.SCALED, NOW, before="3")).text
    assert "*spark-1* is 5 × m5.xlarge now instead of 3" in text
    assert "Dask summed numbers on 2 workers" in text
    assert "It was tried" not in worded(make_notice(a_dask(found=()), kinds.SCALED, NOW, before="3")).text
    assert concludes(make_notice(item, kinds.SCALED, NOW))


def test_what_could_not_grow_or_shrink_is_told_with_why_and_that_it_is_as_it_was():
    def text(action: str, **facts: str) -> str:
        return worded(make_notice(a_dask(), kinds.NOT_SCALED, NOW, action=action, count="2", **facts)).text

    assert "could not grow by 2: the cloud had no such machine free" in text("grow", reason="no_capacity")
    for action, words in (("grow", "could not grow by 2"), ("shrink", "could not let 2 of its machines go")):
        told = text(action, **FAILED)
        assert words in told
        assert '"installing Dask" on worker-1' in told
        assert "no route\nto the mirror" in told
    assert "{" not in text("shrink", reason="timed_out")


def test_software_that_does_not_come_back_is_told_with_why():
    told = worded(make_notice(a_dask(), kinds.UNPROVEN, NOW, action="start", **FAILED)).text
    assert "could not be set up on them again" in told
    assert '"installing Dask" on worker-1' in told
    assert concludes(make_notice(a_dask(), kinds.UNPROVEN, NOW, action="start"))


def test_machines_that_come_are_in_lists_with_their_number_and_step():
    item = a_dask(state=SCALING, scaling_to=5)
    assert "spark cluster, scaling to 5\n" in dialogue.reservation_card(item, ANN, NOW).text
    item = a_dask(state=SCALING, scaling_to=5, step="installing Dask on 5 nodes")
    assert "scaling to 5: installing Dask on 5 nodes" in dialogue.reservation_card(item, ANN, NOW).text
    assert progress(item).text == "*spark-1* gets another number of machines: installing Dask on 5 nodes"
