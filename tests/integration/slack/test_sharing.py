"""Sharing on the whole stack: by form, by a mention in a channel, and what strangers and guests get of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.language.localtime import utc_now
from clouddesk.model.actor import Person
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import EXTEND, USE
from clouddesk.sandbox.slack.store import View
from tests.integration.slack.conftest import until
from tests.integration.slack.test_main_job import Desk, desk

pytestmark = pytest.mark.integration

__all__ = ["desk"]


async def machine(desk: Desk) -> tuple[Reservation, Any]:
    """A machine of Ann's, and the message that says that it is ready."""
    desk.slack.say("ann", "dm", "a vm with 1 GB for 8 hours")
    quote = await desk.answer("ann", "dm", "shall i get")
    await desk.press("ann", "dm", quote, "Yes, get it")
    ready = await desk.answer("ann", "dm", "is ready")
    (made,) = await desk.reservations("ann")
    return made, ready


async def seen_by(desk: Desk, user: str) -> list[Reservation]:
    """What is shared with somebody, and what they have."""
    redis = open_redis(desk.stack.settings.redis_url)
    person = Person(desk.slack.workspace.team_id, desk.slack.workspace.user(user).id)
    try:
        return await RedisReservationViews(redis).seen_by(person, now=utc_now())
    finally:
        await redis.close()


async def opened(desk: Desk, user: str) -> View:
    await until(lambda: desk.slack.modals(user), within_seconds=10)
    return desk.slack.modals(user)[-1]


async def test_shared_by_the_form_seen_by_the_colleague_and_undone_by_the_button(desk: Desk) -> None:
    made, ready = await machine(desk)
    person = {name: desk.slack.workspace.user(name).id for name in ("ann", "ben", "gus", "fay", "dora")}
    await desk.press("ann", "dm", ready, "Share")
    form = await opened(desk, "ann")
    assert made.name in str(form.content)
    for name in ("ann", "gus", "fay", "dora"):
        refused = await desk.slack.submit("ann", form.id, {"person": person[name]})
        assert set(refused.errors) == {"person"}, name
    past = int((utc_now() - timedelta(hours=1)).timestamp())
    assert set((await desk.slack.submit("ann", form.id, {"person": person["ben"], "until": past})).errors) == {"until"}
    assert await seen_by(desk, "ben") == []

    given = {"person": person["ben"], "allowed": EXTEND, "until": int(made.expires_at.timestamp())}
    assert (await desk.slack.submit("ann", form.id, given)).outcome == "closed"
    done = await desk.answer("ann", "dm", "is shared with")
    assert f"<@{person['ben']}>" in done.all_text()
    told = await desk.answer("ben", "dm", "shares")
    assert f"<@{person['ann']}>" in told.all_text()
    assert "see and extend it" in told.all_text()
    (shared,) = await seen_by(desk, "ben")
    assert (shared.id, shared.shares[0].allowed, shared.shares[0].until) == (made.id, EXTEND, None)

    before = desk.heard("ben")
    desk.slack.say("ben", "dm", "what have I got?")
    mine = await desk.answer("ben", "dm", "shared with you", after=before)
    assert "Release" not in str(mine.blocks)
    await desk.press("ann", "dm", done, "Undo")
    await desk.answer("ann", "dm", "is not shared with")
    await desk.answer("ben", "dm", "is not shared with you any more")
    assert await seen_by(desk, "ben") == []


async def test_shared_by_a_mention_in_a_channel_and_never_by_a_stranger(desk: Desk) -> None:
    made, _ready = await machine(desk)
    before = desk.heard("ann", "data")
    asked = desk.slack.say("ann", "data", f"@clouddesk share {made.name} with @ben for 3 hours")
    await desk.answer("ann", "data", "is shared with", after=before)
    (shared,) = await seen_by(desk, "ben")
    assert (shared.shares[0].user_id, shared.shares[0].allowed) == (desk.slack.workspace.user("ben").id, USE)
    assert shared.shares[0].until is not None
    desk.slack.say("ann", "data", f"@clouddesk share {made.name} with @gus", thread_ts=asked.ts)
    await desk.answer("ann", "data", "guest", after=before)
    assert await seen_by(desk, "gus") == []

    # Somebody with a part in it may look, and a stranger does not even learn that it is there.
    for name, answer in (("ben", "right"), ("chitra", "no machines")):
        heard = desk.heard(name)
        desk.slack.say(name, "dm", f"share {made.id} with @ann")
        await desk.answer(name, "dm", answer, after=heard)
        heard = desk.heard(name)
        desk.slack.say(name, "dm", f"stop {made.id}")
        await desk.answer(name, "dm", answer, after=heard)
    (still,) = await desk.reservations("ann")
    assert (still.state, len(still.shares)) == ("running", 1)
