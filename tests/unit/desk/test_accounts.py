"""People's access to clouds, with a cloud that answers what the test wants."""

from __future__ import annotations

import pytest

from clouddesk.accounts import Accounts
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, Secret, SecretFields
from clouddesk.model.errors import Invalid, ProviderDown
from clouddesk.model.node import Account
from clouddesk.providers import PROVIDERS
from tests.unit.desk.conftest import NOW

ANN = Person("local", "ann")
FIELDS = {"access_key_id": Secret("AKIA"), "secret_access_key": Secret("hidden")}


class Shelf:
    """Credentials in memory."""

    def __init__(self) -> None:
        self.infos: dict[str, CredentialInfo] = {}

    async def write(self, person: Person, info: CredentialInfo, fields: SecretFields) -> None:
        self.infos[info.provider] = info


class Cloud:
    """An account that is what the test says."""

    def __init__(self, account_id: str, *earlier_ids: str) -> None:
        self.account = Account("aws", account_id, earlier_ids=earlier_ids)

    def check_credentials(self) -> Account:
        return self.account


class Grants:
    """The sandbox's keys; ``fails`` makes the first issue fail."""

    providers = ("aws",)

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.given: set[Person] = set()

    async def was_given(self, person: Person) -> bool:
        return person in self.given

    async def mark_given(self, person: Person) -> bool:
        is_first = person not in self.given
        self.given.add(person)
        return is_first

    async def issue(self, person: Person, provider: str) -> SecretFields:
        if self.fails:
            self.fails = False
            raise ProviderDown(provider)
        return FIELDS


def accounts(shelf: Shelf, cloud: Cloud, grants: Grants | None = None) -> Accounts:
    return Accounts(
        specs=PROVIDERS,
        credentials=shelf,  # type: ignore[arg-type]
        open_provider=lambda name, fields: cloud,  # type: ignore[arg-type,return-value]
        offers=None,  # type: ignore[arg-type]
        grants=grants,  # type: ignore[arg-type]
        simulated=frozenset(),
        clock=lambda: NOW,
    )


async def test_the_accounts_id_is_kept_with_what_may_be_shown():
    shelf = Shelf()
    await accounts(shelf, Cloud("111")).add(ANN, "aws", FIELDS)
    assert shelf.infos["aws"].account_id == "111"


async def test_another_account_is_refused_while_machines_run_in_the_present_one():
    shelf = Shelf()
    with pytest.raises(Invalid, match="another aws account"):
        await accounts(shelf, Cloud("222")).add(ANN, "aws", FIELDS, only_account_id="111")
    assert shelf.infos == {}
    await accounts(shelf, Cloud("111")).add(ANN, "aws", FIELDS, only_account_id="111")
    assert "aws" in shelf.infos


async def test_a_key_that_is_kept_under_an_earlier_id_of_its_account_can_be_replaced():
    shelf = Shelf()
    await accounts(shelf, Cloud("team", "user")).add(ANN, "aws", FIELDS, only_account_id="user")
    assert shelf.infos["aws"].account_id == "team"


async def test_a_welcome_that_was_cut_off_is_given_with_the_next_message():
    shelf, grants = Shelf(), Grants(fails=True)
    desk_side = accounts(shelf, Cloud("111"), grants)
    with pytest.raises(ProviderDown):
        await desk_side.welcome(ANN)
    assert [info.provider for info in await desk_side.welcome(ANN)] == ["aws"]
    assert await desk_side.welcome(ANN) == ()
