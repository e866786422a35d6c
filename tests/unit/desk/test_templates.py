"""Templates: whose they are, who may change them, their versions, and what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from clouddesk.model.actor import ADMIN, MEMBER, VIEWER, Actor
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.invalid import BadName, TemplateNameTaken, TooManyTemplates
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.templates import MOST, MOST_VERSIONS, filled_in
from tests.conversation.memory import MemoryDesk

ANN, BEN = Actor("local", "ann"), Actor("local", "ben")
ADMINS = Actor("local", "root", roles=(ADMIN, MEMBER))
VIEWERS = Actor("local", "eye", roles=(VIEWER,))
NAMESAKE = Actor("other", "ann", roles=(ADMIN, MEMBER))
SMALL, BIG = ResourceRequest(memory_gb=4), ResourceRequest(memory_gb=16)


@pytest.fixture
def world() -> MemoryDesk:
    return MemoryDesk()


@pytest.mark.parametrize("is_team", [False, True])
async def test_nobody_of_another_workspace_sees_a_template(world: MemoryDesk, is_team: bool) -> None:
    await world.desk.templates.save(ANN, "etl", SMALL, is_team=is_team)
    assert await world.desk.templates.list(NAMESAKE) == []
    with pytest.raises(NotFound):
        await world.desk.templates.get(NAMESAKE, "etl")


@pytest.mark.parametrize("other", [BEN, ADMINS, VIEWERS])
async def test_ones_own_template_is_nobody_elses_business(world: MemoryDesk, other: Actor) -> None:
    own = await world.desk.templates.save(ANN, "etl", SMALL)
    assert await world.desk.templates.list(other) == []
    with pytest.raises(NotFound):
        await world.desk.templates.get(other, "etl")
    with pytest.raises((NotFound, Denied)):
        await world.desk.templates.rename(other, own, "mine")
    with pytest.raises((NotFound, Denied)):
        await world.desk.templates.delete(other, own)
    assert await world.desk.templates.list(ANN) == [own]


@pytest.mark.parametrize(("other", "may"), [(ANN, True), (ADMINS, True), (BEN, False), (VIEWERS, False)])
async def test_a_teams_template_is_read_by_all_and_changed_by_its_author_and_admins(
    world: MemoryDesk, other: Actor, may: bool
) -> None:
    team = await world.desk.templates.save(ANN, "etl", SMALL, is_team=True)
    assert await world.desk.templates.get(other, "etl") == team
    calls: list[Any] = [
        lambda: world.desk.templates.save(other, "etl", BIG, is_team=True),
        lambda: world.desk.templates.rename(other, team, "load"),
        lambda: world.desk.templates.delete(other, team if not may else renamed),
    ]
    assert world.desk.templates.may_change(other, team) is may
    for call in calls:
        if may:
            result = await call()
            renamed = result or team
        else:
            with pytest.raises(Denied):
                await call()
    assert len(await world.desk.templates.list(BEN)) == (0 if may else 1)


async def test_a_viewer_saves_nothing(world: MemoryDesk) -> None:
    with pytest.raises(Denied):
        await world.desk.templates.save(VIEWERS, "etl", SMALL)


async def test_ones_own_comes_before_the_teams_of_the_same_name(world: MemoryDesk) -> None:
    team = await world.desk.templates.save(BEN, "etl", BIG, is_team=True)
    own = await world.desk.templates.save(ANN, "ETL", SMALL)
    assert await world.desk.templates.get(ANN, "Etl") == own
    assert await world.desk.templates.get(ANN, "etl", is_team=True) == team
    assert await world.desk.templates.list(ANN) == [own, team]


async def test_each_other_request_is_a_version_and_the_oldest_is_forgotten_at_last(world: MemoryDesk) -> None:
    for memory in range(1, MOST_VERSIONS + 2):
        saved = await world.desk.templates.save(ANN, "etl", ResourceRequest(memory_gb=memory))
        again = await world.desk.templates.save(ANN, "etl", ResourceRequest(memory_gb=memory, name="x", until="friday"))
        assert again == saved, "what is the latest already is no new version"
    assert [version.number for version in saved.versions] == list(range(2, MOST_VERSIONS + 2))
    assert saved.version(1) is None
    assert saved.version(2) == saved.versions[0]


async def test_a_name_that_another_has_is_not_given_twice(world: MemoryDesk) -> None:
    etl = await world.desk.templates.save(ANN, "etl", SMALL)
    await world.desk.templates.save(ANN, "load", BIG)
    with pytest.raises(TemplateNameTaken):
        await world.desk.templates.rename(ANN, etl, "load")
    await world.desk.templates.rename(ANN, etl, "etl")
    assert [item.name for item in await world.desk.templates.list(ANN)] == ["etl", "load"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "*bold*", "a/b", "<@U1>", "---"])
async def test_what_is_no_name_is_refused(world: MemoryDesk, name: str) -> None:
    with pytest.raises(BadName):
        await world.desk.templates.save(ANN, name, SMALL)


async def test_there_is_a_most_of_templates(world: MemoryDesk) -> None:
    for number in range(MOST):
        await world.desk.templates.save(ANN, f"t{number}", SMALL)
    with pytest.raises(TooManyTemplates):
        await world.desk.templates.save(ANN, "one-more", SMALL)
    await world.desk.templates.save(ANN, "t0", BIG)


async def test_a_template_of_machines_holds_their_size_and_what_was_asked_for_besides(world: MemoryDesk) -> None:
    await world.accounts.welcome(ANN.person)
    asked = ResourceRequest(memory_gb=16, storage_gb=200, providers=("aws",), until="until friday 5pm", name="etl")
    quote = await world.desk.quote(ANN, asked)
    item = await world.desk.reserve(ANN, quote.id, conversation="c")
    saved = await world.desk.templates.request_of(ANN, item.id)
    assert (saved.size_names, saved.region, saved.storage_gb) == (("m5.xlarge",), "us-east-1", 200)
    assert saved.duration_seconds == round((item.expires_at - item.created_at).total_seconds())
    kept = (await world.desk.templates.save(ANN, "etl", saved)).latest.request
    assert (kept.name, kept.until) == (None, None), "these are of one time"
    with pytest.raises(NotFound):
        await world.desk.templates.request_of(BEN, item.id)


@pytest.mark.parametrize("is_team", [False, True])
async def test_a_template_opens_nobodys_machine_to_its_authors_address(world: MemoryDesk, is_team: bool) -> None:
    asked = ResourceRequest(memory_gb=16, open_to=("203.0.113.7/32",), open_ports=("8080",))
    kept = (await world.desk.templates.save(ANN, "etl", asked, is_team=is_team)).latest.request
    assert (kept.memory_gb, kept.open_to, kept.open_ports) == (16, (), ())


async def test_a_template_of_a_quote_holds_all_that_was_filled_in_but_for_the_machine(world: MemoryDesk) -> None:
    await world.accounts.welcome(ANN.person)
    quote = await world.desk.quote(ANN, ResourceRequest(kind=CLUSTER, software=("spark",), duration_seconds=7200))
    saved = filled_in(quote)
    assert saved.count == len(quote.nodes)
    assert saved.memory_gb == quote.requirements.memory_gb
    assert (saved.os, saved.duration_seconds) == (quote.os, 7200)
    assert saved.size_names == ()
    again = await world.desk.quote(ANN, saved)
    assert again.offer == quote.offer
    assert again.hourly_price_usd == quote.hourly_price_usd
