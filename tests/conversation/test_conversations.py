"""Every conversation of the data files in this folder, as README.md there describes them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clouddesk.model.utilisation import Use
from connectors.notices import Wording
from tests.conversation.files import SOMEBODY, TERMINAL, conversations, payload
from tests.conversation.memory import fault_named
from tests.conversation.stage import Reply, Stage, open_stage

WORDING = Wording()


@pytest.mark.parametrize("conversation", [pytest.param(item, id=title) for title, item in conversations()])
async def test_conversation_ends_as_expected(conversation: dict[str, Any], model: Path) -> None:
    async with open_stage(model) as stage:
        stage.world.admins = conversation.get("admins", stage.world.admins)
        for person, requests in conversation.get("have", {}).items():
            for request in requests:
                await stage.have(person, dict(request))
        stage.start_clock()
        await play(stage, conversation["turns"])
        check_outcome(stage.reservations(SOMEBODY), conversation.get("outcome"))


async def play(stage: Stage, turns: list[dict[str, Any]]) -> None:
    last: dict[str, list[Reply]] = {}
    kept: dict[str, list[Reply]] = {}
    for turn in turns:
        if "later" in turn:
            stage.world.clock.forward(**turn["later"])
            continue
        if "does" in turn:
            stage.world.pretend(turn["does"], Use(**turn["so"]), hours=turn["hours"])
            continue
        if "fault" in turn:
            getattr(stage.world, turn.get("in", "engine")).fault = fault_named(turn["fault"])
            continue
        if "cut" in turn:
            stage.break_off(turn["cut"])
            continue
        if "price" in turn:
            stage.world.catalog.reprice(**turn["price"])
            continue
        if "restart" in turn:
            await stage.restart()
            continue
        person = turn.get("person", SOMEBODY)
        if "notice" in turn:
            notice = await stage.notify(person, turn["about"], turn["notice"])
            reply = WORDING.render(notice, timezone_name="Europe/Berlin")
            kept["notice"] = [reply.as_json()]
            continue
        if "told" in turn:
            reply = WORDING.render(stage.told(person, turn["told"]), timezone_name="Europe/Berlin")
            kept[turn.get("keep", "notice")] = [reply.as_json()]
            check(turn, [reply.as_json()])
            continue
        if "leaves" in turn:
            await stage.leave(turn["leaves"])
            continue
        if "loses" in turn:
            item = next(item for item in stage.reservations(person) if item.name == turn["loses"])
            stage.world.engine.delete_images(item.id, turn["images"])
            continue
        if "gone" in turn:
            stage.world.engine.end(next(item.id for item in stage.reservations(person) if item.name == turn["gone"]))
            continue
        where = turn.get("where", TERMINAL)
        if "press" in turn:
            shown = kept[turn["of"]] if "of" in turn else last[person]
            replies = await stage.say(person, payload(shown, turn["press"]), where=where)
        else:
            replies = await stage.say(
                person, turn["say"], turn["means"], where=where, is_repeated=turn.get("is_repeated", False)
            )
        last[person] = replies
        if "keep" in turn:
            kept[turn["keep"]] = replies
        check(turn, replies)


def check(turn: dict[str, Any], replies: list[Reply]) -> None:
    text = "\n".join(reply["text"] for reply in replies)
    said = turn.get("say", turn.get("press"))
    assert text.strip(), f"an empty reply to {said!r}"
    for words in turn.get("reply", ()):
        assert words.lower() in text.lower(), f"{words!r} is not in the reply to {said!r}:\n{text}"
    for words in turn.get("lacks", ()):
        assert words.lower() not in text.lower(), f"{words!r} is in the reply to {said!r}:\n{text}"
    titles = {button["title"] for reply in replies for button in reply["buttons"]}
    assert set(turn.get("buttons", ())) <= titles, f"buttons after {said!r}: {sorted(titles)}"


def check_outcome(reservations: list[Any], expected: list[dict[str, Any]] | None) -> None:
    if expected is None:
        return
    names = [item.name for item in reservations]
    assert len(reservations) == len(expected), f"reservations at the end: {names}"
    for item, facts in zip(reservations, expected, strict=True):
        for key, value in facts.items():
            if key == "lease_hours":
                assert item.expires_at - item.created_at == timedelta(hours=value), item.expires_at - item.created_at
            else:
                assert getattr(item, key) == value, f"{item.name}.{key} is {getattr(item, key)!r}"
