"""Forms on the whole stack: access to a cloud is checked before it is stored, a request is changed, and App Home."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest

from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.errors import CredentialsRejected
from clouddesk.model.quote import Quote
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import View
from tests.integration.slack.conftest import NoDesk, StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue, reply
from tests.integration.slack.test_main_job import Desk, desk
from tests.unit.connectors.slack.test_views import a_quote

pytestmark = pytest.mark.integration

__all__ = ["desk"]

NOW = datetime(2026, 7, 1, tzinfo=timezone.utc)
RIGHT = {"access_key_id": "AKIASANDBOXOPERATOR0", "secret_access_key": "sandbox-operator-secret-key"}
WRONG = {"access_key_id": "AKIAWRONGWRONGWRONG0", "secret_access_key": "not-the-right-secret"}


async def opened(desk: Desk, user: str) -> View:
    """The modal that this person sees now."""
    await until(lambda: desk.slack.modals(user))
    return desk.slack.modals(user)[-1]


async def test_credentials_are_checked_with_errors_at_the_field_and_stored_when_they_are_right(desk: Desk) -> None:
    await desk.slack.shortcut("ann", "add_credentials")
    choice = await opened(desk, "ann")
    chosen = await desk.slack.submit("ann", choice.id, {"provider": "aws"})
    assert chosen.view is not None
    form = chosen.view

    def seen(words: str) -> bool:
        return words in f"{form.errors}{form.content}"

    refused = await desk.slack.submit("ann", form.id, WRONG)
    # A cloud that takes its time has its answer shown in the form, after the acknowledgement.
    assert set(refused.errors) == ({"secret_access_key"} if refused.outcome == "errors" else set())
    await until(lambda: seen("does not accept"), within_seconds=20)
    await desk.slack.submit("ann", form.id, RIGHT)
    await until(lambda: seen("AWS access works"), within_seconds=20)

    desk.slack.say("ann", "dm", "which credentials do you have?")
    await desk.answer("ann", "dm", "aws")
    for secret in (RIGHT["secret_access_key"], WRONG["secret_access_key"]):
        assert secret not in desk.slack.received_text()
        for path in desk.stack.home.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


async def test_a_guest_gets_no_form(desk: Desk) -> None:
    await desk.slack.shortcut("gus", "add_credentials")
    assert "members" in str((await opened(desk, "gus")).content)


async def test_a_request_is_changed_in_a_form_and_priced_again(desk: Desk) -> None:
    desk.slack.say("ann", "dm", "2 vms with 4 GB on aws for 3 hours")
    quote = await desk.answer("ann", "dm", "shall i get")
    await desk.press("ann", "dm", quote, "Change")
    form = await opened(desk, "ann")
    before = desk.heard("ann")
    done = await desk.slack.submit("ann", form.id, {"node_count": "5"})
    assert done.outcome == "closed"
    again = await desk.answer("ann", "dm", "shall i get", after=before)
    assert "5" in again.all_text()
    assert desk.heard("ann") == before + 1


async def test_what_is_emptied_in_the_form_is_given_up(desk: Desk) -> None:
    desk.slack.say("ann", "dm", "a vm with a v100 gpu on aws for 3 hours, at most 50 dollars an hour, not in mumbai")
    quote = await desk.answer("ann", "dm", "shall i get")
    assert "v100" in quote.all_text().lower()
    await desk.press("ann", "dm", quote, "Change")
    form = await opened(desk, "ann")
    wrong = await desk.slack.submit("ann", form.id, {"resource_name": "My VM!", "duration": "31 days"})
    assert set(wrong.errors) == {"resource_name", "duration"}
    before = desk.heard("ann")
    emptied = {"gpu_count": "0", "max_price_per_hour": "", "not_in": ""}
    right = {"resource_name": "etl", "duration": "2 hours", "spot": []}
    assert (await desk.slack.submit("ann", form.id, {**emptied, **right})).outcome == "closed"
    again = (await desk.answer("ann", "dm", "shall i get", after=before)).all_text()
    for words in ("no GPU", "no limit of the price", "no place ruled out", "called etl", "for 2 hours"):
        assert words in again
    assert "v100" not in again.lower()


async def test_app_home_shows_what_there_is_and_its_buttons_answer_in_direct_messages(desk: Desk) -> None:
    desk.slack.say("ann", "dm", "a vm with 1 GB for 2 hours")
    quote = await desk.answer("ann", "dm", "shall i get")
    await desk.press("ann", "dm", quote, "Yes, get it")
    await desk.answer("ann", "dm", "is ready")
    (made,) = await desk.reservations("ann")

    def shown() -> Any:
        home = desk.slack.home("ann")
        return home is not None and made.name in str(home.content)

    desk.slack.open_home("ann")
    await until(shown)
    desk.slack.open_home("gus")
    await until(lambda: desk.slack.home("gus") is not None)
    assert "guests" in str(desk.slack.home("gus").content)  # type: ignore[union-attr]

    page = desk.slack.home("ann")
    assert page is not None
    (extend,) = [block for block in page.content["blocks"] if made.id in str(block) and block["type"] == "actions"]
    before = desk.heard("ann")
    await desk.slack.press("ann", None, extend["elements"][0]["action_id"], view_id=page.id)
    answer = await desk.answer("ann", "dm", made.name, after=before)
    assert "2 hours" in answer.all_text()


class SlowCloud(NoDesk):
    """A Desk whose cloud takes its time with credentials."""

    def providers(self) -> tuple[str, ...]:
        return ("aws",)

    clouds = providers

    async def add_credentials(self, actor: Actor, provider: str, _fields: SecretFields) -> CredentialInfo:
        await asyncio.sleep(2.0)
        if actor.user_id == "U0BEN":
            raise CredentialsRejected(provider)
        return CredentialInfo(provider, "the-account", NOW, NOW)


@pytest.mark.parametrize(("user", "seen"), [("ann", "the-account"), ("ben", "does not accept")])
async def test_while_a_slow_cloud_checks_it_is_said_that_it_does(
    slack: SlackServer, start: StartGateway, user: str, seen: str
) -> None:
    await start(desk=SlowCloud())
    await slack.shortcut(user, "add_credentials")
    await until(lambda: slack.modals(user))
    slack.delivery.ack_seconds = 3.0
    chosen = await slack.submit(user, slack.modals(user)[-1].id, {"provider": "aws"})
    assert chosen.view is not None
    given = await slack.submit(user, chosen.view.id, RIGHT)
    assert given.view is not None
    assert "Checking" in str(given.view.content)
    await until(lambda: seen in str(slack.modals(user)[-1].content))


async def test_who_closed_the_form_hears_by_message_that_the_key_was_refused(
    slack: SlackServer, start: StartGateway
) -> None:
    await start(desk=SlowCloud())
    await slack.shortcut("ben", "add_credentials")
    await until(lambda: slack.modals("ben"))
    slack.delivery.ack_seconds = 3.0
    form = slack.modals("ben")[-1].id
    await slack.submit("ben", form, {"provider": "aws"})
    await slack.submit("ben", form, RIGHT)
    await slack.close_view("ben", form)
    await until(lambda: said(slack, "ben"))
    assert "does not accept" in said(slack, "ben")[0]
    assert RIGHT["secret_access_key"] not in said(slack, "ben")[0]


class Quoting(SlowCloud):
    """A Desk that knows one quote; with an access once one was given."""

    def __init__(self) -> None:
        self.infos: list[CredentialInfo] = []
        self.clock = lambda: NOW
        self.limits = Limits()

    async def get_quote(self, _actor: Actor, _quote_id: str) -> Quote:
        return a_quote(kind="cluster", software=("spark",), count=3, region="us-east-1")

    def blueprints(self) -> list[Blueprint]:
        return []

    async def credentials(self, _actor: Actor) -> list[CredentialInfo]:
        return self.infos

    async def add_credentials(self, actor: Actor, provider: str, _fields: SecretFields) -> CredentialInfo:
        self.infos = [CredentialInfo(provider, "the-account", NOW, NOW)]
        return self.infos[0]


CHANGE = '/correct{"quote_id": "q-1"}'


async def changed(slack: SlackServer, dialogue: Dialogue) -> None:
    """A cluster is asked for, and its quote is changed in the form."""
    dialogue.replies["a cluster"] = [reply("That is $1.", Change=CHANGE)]
    slack.say("ann", "dm", "a cluster")
    await until(lambda: bool(said(slack, "ann")))
    await slack.press("ann", slack.messages("ann", "dm")[-1].ts, "say:0")
    await until(lambda: slack.modals("ann"))
    outcome = await slack.submit("ann", slack.modals("ann")[-1].id, {"vcpus": "8", "duration": "2 days"})
    assert outcome.outcome == "closed"


async def test_a_change_is_said_after_what_opens_its_quote(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    await start(desk=Quoting())
    dialogue.replies[CHANGE] = [reply("What shall I change?", response="utter_what_to_change")]
    await changed(slack, dialogue)
    await until(lambda: len(dialogue.texts) == 3)
    assert dialogue.texts[1:] == [CHANGE, '/correct{"vcpus": 8, "duration_minutes": 2880}']
    await until(lambda: len(said(slack, "ann")) == 2)
    assert "What shall I change?" not in said(slack, "ann")


async def test_a_form_whose_price_is_too_old_by_now_is_priced_anew_with_all_that_is_in_it(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    await start(desk=Quoting())
    dialogue.replies[CHANGE] = [reply("That price is too old.", response="utter_error_quote_expired")]
    wish = '{"software": ["spark"], "node_count": 3, "vcpus": 8, "region": "us-east-1", "duration_minutes": 2880}'
    dialogue.replies[f"/create_cluster{wish}"] = [reply("Now it is $2.")]
    await changed(slack, dialogue)
    await until(lambda: said(slack, "ann")[-1] == "Now it is $2.")
    assert "not open any more" in said(slack, "ann")[-2]
    assert dialogue.texts[1:] == [CHANGE, f"/create_cluster{wish}"]


async def test_what_is_in_a_form_is_not_said_when_its_quote_cannot_be_looked_at(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    await start(desk=Quoting())
    dialogue.replies[CHANGE] = [reply("Give it a minute.", response="utter_error_unavailable")]
    await changed(slack, dialogue)
    await until(lambda: said(slack, "ann")[-1] == "Give it a minute.")
    assert dialogue.texts[1:] == [CHANGE]


async def test_an_access_that_was_given_in_a_form_is_on_the_page_at_once(
    slack: SlackServer, start: StartGateway
) -> None:
    await start(desk=Quoting())
    slack.open_home("ann")
    await until(lambda: slack.home("ann") is not None)
    assert "the-account" not in str(slack.home("ann"))
    await slack.shortcut("ann", "add_credentials")
    await until(lambda: slack.modals("ann"))
    chosen = await slack.submit("ann", slack.modals("ann")[-1].id, {"provider": "aws"})
    assert chosen.view is not None
    await slack.submit("ann", chosen.view.id, RIGHT)
    await until(lambda: "the-account" in str(slack.home("ann")))
