"""Credentials in the audit trail, and who may read what of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import click
import pytest

from clouddesk.access import may_read
from clouddesk.accounts import Accounts
from clouddesk.commands.audit import audit_line, audit_row, moment
from clouddesk.model.actor import ADMIN, VIEWER, Actor, Person
from clouddesk.model.audit import AuditEntry
from clouddesk.model.credentials import CredentialInfo, Secret, SecretFields
from clouddesk.model.errors import CredentialsRejected
from clouddesk.model.node import Account
from clouddesk.providers import PROVIDERS
from tests.conversation.memory import MemoryDesk
from tests.conversation.memory_clock import START

ANN, BOB = Actor("local", "ann"), Actor("local", "bob")
ADMINISTRATOR = Actor("local", "root", roles=(ADMIN,))
FIELDS = {"access_key_id": Secret("AKIA"), "secret_access_key": Secret("hidden")}


class Shelf:
    """Credentials in memory."""

    def __init__(self) -> None:
        self.infos: dict[tuple[Person, str], CredentialInfo] = {}

    async def write(self, person: Person, info: CredentialInfo, fields: SecretFields) -> None:
        self.infos[person, info.provider] = info

    async def list(self, person: Person) -> list[CredentialInfo]:
        return [info for (owner, _), info in self.infos.items() if owner == person]

    async def remove(self, person: Person, provider: str) -> bool:
        return self.infos.pop((person, provider), None) is not None


class Cloud:
    """Takes every key but a wrong one."""

    def __init__(self, fields: SecretFields) -> None:
        self.fields = fields

    def check_credentials(self) -> Account:
        if self.fields["secret_access_key"] == Secret("wrong"):
            raise CredentialsRejected("aws")
        return Account("aws", "123456789012", label="team account")


class Grants:
    """The sandbox's keys, for everybody."""

    providers = ("aws",)

    async def was_given(self, person: Person) -> bool:
        return False

    async def mark_given(self, person: Person) -> bool:
        return True

    async def issue(self, person: Person, provider: str) -> SecretFields:
        return FIELDS


@pytest.fixture
def memory() -> MemoryDesk:
    memory = MemoryDesk()
    accounts = Accounts(
        specs=PROVIDERS,
        credentials=Shelf(),
        open_provider=lambda name, fields: Cloud(fields),
        offers=None,
        grants=Grants(),
        simulated=frozenset({"aws"}),
        clock=memory.clock,
    )
    memory.desk = replace(memory.desk, accounts=accounts)
    return memory


async def test_credentials_that_are_added_and_removed_are_written_down_without_the_secret(memory):
    await memory.desk.add_credentials(ANN, "aws", FIELDS)
    memory.clock.forward(minutes=5)
    assert await memory.desk.remove_credentials(ANN, "aws")
    added, removed = memory.trail.entries
    assert (added.action, removed.action) == ("credentials_added", "credentials_removed")
    for entry in (added, removed):
        assert (entry.workspace_id, entry.by, entry.owner) == ("local", "ann", "ann")
        assert entry.facts == {"provider": "aws", "account": "team account"}
    assert "hidden" not in str(memory.trail.entries)
    assert removed.at - added.at == timedelta(minutes=5)


async def test_what_did_not_happen_is_not_written_down(memory):
    with pytest.raises(CredentialsRejected):
        await memory.desk.add_credentials(ANN, "aws", {**FIELDS, "secret_access_key": Secret("wrong")})
    assert not await memory.desk.remove_credentials(ANN, "aws")
    assert memory.trail.entries == []


async def test_credentials_that_were_given_to_a_newcomer_are_clouddesks_own_doing(memory):
    await memory.desk.welcome(ANN)
    await memory.desk.welcome(ANN)
    (given,) = memory.trail.entries
    assert (given.action, given.by, given.owner) == ("credentials_added", "", "ann")


async def test_the_same_person_may_add_again(memory):
    for _ in range(2):
        await memory.desk.add_credentials(ANN, "aws", FIELDS)
        memory.clock.forward(seconds=1)
    assert len({entry.id for entry in memory.trail.entries}) == 2


def entry(**changes: object) -> AuditEntry:
    return replace(AuditEntry("r-1:1", START, "released", "local", by="ann", owner="ann"), **changes)


@pytest.mark.parametrize(
    ("actor", "is_readable"),
    [
        (ANN, True),
        (replace(ANN, roles=(VIEWER,)), True),
        (BOB, False),
        (ADMINISTRATOR, True),
        (Actor("other", "ann"), False),
        (Actor("other", "root", roles=(ADMIN,)), False),
    ],
)
def test_admins_read_their_workspace_and_others_their_own(actor, is_readable):
    assert may_read(actor, entry()) == is_readable


def test_ones_own_is_what_one_did_and_what_was_done_with_ones_things():
    assert may_read(ANN, entry(by="root"))
    assert may_read(ADMINISTRATOR, entry(by="root", owner="bob"))
    assert may_read(Actor("local", "root"), entry(by="root", owner="bob"))
    assert not may_read(ANN, entry(by="root", owner="bob"))


async def test_the_desk_gives_what_may_be_read_of_the_time_asked_for(memory):
    entries = [
        entry(id=str(hour), at=START + timedelta(hours=hour), by="ann" if hour % 2 else "bob", owner="")
        for hour in range(6)
    ]
    await memory.trail.append(entries)
    window = {"since": START + timedelta(hours=1), "until": START + timedelta(hours=5)}
    assert [found.id async for found in memory.desk.audit(ADMINISTRATOR, **window)] == ["1", "2", "3", "4"]
    assert [found.id async for found in memory.desk.audit(ANN, **window)] == ["1", "3"]
    assert [found.id async for found in memory.desk.audit(BOB, since=START)] == ["0", "2", "4"]


def test_a_row_is_plain_json_with_the_time_as_text():
    assert audit_row(entry(facts={"reason": "released"})) == {
        "id": "r-1:1",
        "at": "2026-03-04T12:00:00+00:00",
        "action": "released",
        "workspace_id": "local",
        "by": "ann",
        "owner": "ann",
        "reservation_id": "",
        "name": "",
        "facts": {"reason": "released"},
    }


def test_a_line_says_when_who_what_and_the_facts_that_there_are():
    by_itself = entry(action="ended", by="", name="vm-1", reservation_id="r-1", facts={"cost_usd": "0.5", "reason": ""})
    assert audit_line(by_itself).split() == [
        *("2026-03-04", "12:00:00", "(clouddesk)", "for", "ann", "ended", "vm-1", "r-1", "cost_usd=0.5")
    ]
    assert audit_line(entry()).split()[2:4] == ["ann", "released"]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T09:30", "2026-11-23T09:30:00+00:00"),
        ("2026-11-23T09:30:00Z", "2026-11-23T09:30:00+00:00"),
        ("2026-11-23 09:30+02:00", "2026-11-23T07:30:00+00:00"),
    ],
)
def test_a_moment_is_read_as_utc_unless_it_says_otherwise(text, iso):
    assert moment(text).isoformat() == iso


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("12h", 12), ("7d", 168), ("2w", 336)])
def test_a_moment_may_be_so_long_ago(text, hours):
    ago = datetime.now(timezone.utc) - moment(text)
    assert abs(ago - timedelta(hours=hours)) < timedelta(seconds=5)


@pytest.mark.parametrize("text", ["yesterday", "7", "99999w", ""])
def test_a_moment_that_is_none_says_how_one_looks(text):
    with pytest.raises(click.BadParameter, match="like 30m"):
        moment(text)
