"""Archives: images of machines' disks are kept, and the machines are given back until somebody starts them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from actions import again, archive_words, cards, meanings, parking, standing
from actions.base import DeskAction
from actions.buttons import button, payload
from actions.lifecycle import ReservationTask, machines_of, numbered_lines, request_id
from actions.reservation_forms import offer
from actions.turn import Button, Turn
from actions.wording import image_clouds, keeps_images, names, plural, provider_title
from clouddesk.language import archiving
from clouddesk.language.localtime import local_time
from clouddesk.language.money import rate
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED, Reservation

SOON = timedelta(days=3)
"""Images of a lease that ends within this are hardly worth it: an extension is offered."""
_WEEK_MINUTES = 7 * 24 * 60
_MOST_BUTTONS = 5


class ActionArchiveResource(ReservationTask):
    """Archiving takes addresses and what is in memory away, so it is asked first, with what it costs."""

    topic = "archive_resource"
    doing = "archiving"
    spares_protected = True

    def yes(self, items: Sequence[Reservation]) -> str:
        return "Archive it" if len(items) == 1 else "Archive them"

    async def do(self, turn: Turn, item: Reservation) -> None:
        done = await turn.desk.power.archive(turn.actor, item.id, request_id=request_id(turn, item))
        archived = rate(done.archived_hourly_price_usd or 0.0)
        turn.say("utter_archiving", name=done.name, archived=archived)

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        if len(items) > 1:
            return await self._ask_for_several(turn, items)
        item = await turn.desk.power.look_at_archive(turn.actor, items[0].id)
        turn.say(
            "utter_confirm_archive" if item.node_count == 1 else "utter_confirm_archive_cluster",
            buttons=_otherwise(turn, item),
            name=item.name,
            machines=plural(item.node_count, "machine"),
            price=_instead([item]),
            ends=_end(turn, item),
        )
        return True

    async def _ask_for_several(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        """Those that can be; the others are said to be left alone."""
        left = [item for item in items if item.archived_hourly_price_usd is None]
        items = [item for item in items if item not in left]
        if left:
            turn.say("utter_archive_left", names=names([item.name for item in left]))
        turn.facts = {**turn.facts, "reservation": [{"id": item.id, "name": item.name} for item in items]}
        if len(items) < 2:
            # What is left is asked about by itself, or there is nothing to ask.
            return await self.ask(turn, items) if items else False
        for item in items:
            await turn.desk.power.look_at_archive(turn.actor, item.id)
        soon = [item for item in items if _ends_soon(turn, item)]
        turn.say(
            "utter_confirm_archive_many",
            options=numbered_lines(turn, items),
            machines=machines_of(items),
            price=_instead(items),
            soon=f" The images go with the leases, and {names([item.name for item in soon])} "
            f"{'ends' if len(soon) == 1 else 'end'} within 3 days."
            if soon
            else "",
        )
        return True


class ActionArchiveWords(DeskAction):
    """What is to be archived, brought back or deleted, in words that were taken for something else."""

    topic = "archive_words"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """The task that is meant takes it, as if it had been understood as such."""
        if turn.archiving in (archiving.ARCHIVE, archiving.PARK):
            said = archiving.what_part(turn.text)
            turn.hear_again("archive_resource", meanings.entities(turn, "archive_resource"), said)
            return
        task = "start_resource" if turn.archiving == archiving.RESTORE else "terminate_resource"
        if turn.archiving == archiving.RESTORE and (missing := await archive_words.missing(turn)):
            await self._say_missing(turn, missing)
            return
        found = await archive_words.meant(turn)
        fitting = (ARCHIVED,) if archiving.says_archive(turn.text) else (ARCHIVED, STOPPED)
        kept = [item for item in found if item.state in fitting]
        if found and not kept:
            self._without_archive(turn, task, found)
        elif kept:
            _hear_of(turn, task, kept)
        else:
            await self._of_all(turn, task)

    def _without_archive(self, turn: Turn, task: str, found: Sequence[Reservation]) -> None:
        """ "Restore it" of what is only stopped is a start; a snapshot that there is none of is not deleted."""
        if task == "start_resource":
            _hear_of(turn, task, found)
            return
        for item in found:
            turn.say("utter_no_archive_of", name=item.name, state=standing.state_words(item))

    async def _say_missing(self, turn: Turn, missing: archive_words.Missing) -> None:
        """Nothing is kept of it; what is archived instead, and that the same can be ordered anew."""
        kept = (await _archived(turn))[:_MOST_BUTTONS]
        buttons = [button(f"Bring {item.name} back", "start_resource", resource_name=item.id) for item in kept]
        if missing.item:
            buttons.append(again.order_button(missing.item))
        turn.say(
            "utter_given_back_for_good" if missing.item else "utter_nothing_archived_called",
            buttons=buttons or None,
            name=missing.called,
            archived=f"Archived: {names([item.name for item in kept])}." if kept else "You have nothing archived.",
        )

    async def _of_all(self, turn: Turn, task: str) -> None:
        kept = await _archived(turn)
        if not kept:
            turn.say("utter_nothing_archived")
        elif len(kept) == 1:
            _hear_of(turn, task, kept)
        else:
            parking.set_aside(turn)
            turn.go_to(task)
            offer(turn, kept)


class ActionAboutArchive(DeskAction):
    """Questions about archives, and wishes that an archive only comes near to. Nothing is done."""

    topic = "about_archive"
    is_inner = True
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """By what was asked."""
        if turn.archiving == archiving.LIST:
            await self._list(turn)
        elif turn.archiving == archiving.EXPLAIN:
            turn.say("utter_explain_archive", clouds=image_clouds())
        elif turn.archiving == archiving.PRICE:
            await self._tell_prices(turn)
        else:
            await self._tell_instead(turn)

    async def _list(self, turn: Turn) -> None:
        kept = await _archived(turn)
        if not kept:
            turn.say("utter_nothing_archived")
            return
        if len(kept) == 1:
            turn.last_reservation = kept[0].id
        now = turn.desk.clock()
        rows = cards.reservation_rows(kept, turn.actor, now)
        turn.say("utter_list", lines=cards.reservation_list(kept, turn.actor, now), rows=rows)

    async def _tell_prices(self, turn: Turn) -> None:
        items = await archive_words.meant(turn) or await turn.desk.reservations(turn.actor)
        if not items:
            turn.say("utter_nothing_running")
            return
        if len(items) == 1:
            turn.last_reservation = items[0].id
        lines = [f"• *{item.name}*: {_price_words(item)}" for item in items]
        turn.say("utter_archive_prices", buttons=_archive_buttons(items) or None, lines="\n".join(lines))

    async def _tell_instead(self, turn: Turn) -> None:
        """No snapshots beside what runs on, and none by the clock; an archive is offered."""
        items = await archive_words.meant(turn)
        called = names([item.name for item in items]) or "it"
        if turn.archiving == archiving.LATER:
            turn.say("utter_archive_not_later", buttons=_archive_buttons(items) or None, name=called)
            return
        turn.say("utter_no_snapshots", buttons=_archive_buttons(items) or None, what=_offered(items))


async def _archived(turn: Turn) -> list[Reservation]:
    return [item for item in await turn.desk.reservations(turn.actor) if item.state == ARCHIVED]


def _hear_of(turn: Turn, task: str, items: Sequence[Reservation]) -> None:
    ids = [item.id for item in items]
    said = {"resource_name": ids[0] if len(ids) == 1 else ids}
    turn.hear_again(task, [["resource_name", id_] for id_ in ids], payload(task, said))


def _otherwise(turn: Turn, item: Reservation) -> list[Button]:
    """What may suit better: a longer lease, or only to stop it where that may have been meant."""
    found = []
    if _ends_soon(turn, item):
        found.append(
            button("Extend by 1 week", "extend_reservation", resource_name=item.id, duration_minutes=_WEEK_MINUTES)
        )
    if not turn.is_button and archiving.parks(turn.text) and item.state == RUNNING:
        found.append(button("Only stop it", "stop_resource", resource_name=item.id))
    return found


def _archive_buttons(items: Sequence[Reservation]) -> list[dict[str, Any]]:
    able = [item for item in items if item.archived_hourly_price_usd is not None and item.state != ARCHIVED]
    return [
        button("Archive it" if len(items) == 1 else f"Archive {item.name}", "archive_resource", resource_name=item.id)
        for item in able[:_MOST_BUTTONS]
    ]


def _ends_soon(turn: Turn, item: Reservation) -> bool:
    return item.expires_at - turn.desk.clock() <= SOON


def _end(turn: Turn, item: Reservation) -> str:
    ends = local_time(item.expires_at, turn.actor, turn.desk.clock())
    if _ends_soon(turn, item):
        return f"It still ends {ends}, and the images go with it: extend it to keep them longer."
    return f"It still ends {ends}."


def _instead(items: Sequence[Reservation]) -> str:
    """What it costs as against now: "$0.02 an hour instead of $0.33"."""
    archived = sum(item.archived_hourly_price_usd or 0.0 for item in items)
    now = sum(item.current_hourly_price_usd for item in items)
    if archived >= now:
        return f"{rate(archived)} an hour, which is no less than now ({rate(now)})"
    return f"{rate(archived)} an hour instead of {rate(now)}"


def _price_words(item: Reservation) -> str:
    """What an archive of it costs, or why there can be none."""
    if item.archived_hourly_price_usd is None:
        return _why_not(item)
    if item.state == ARCHIVED:
        return f"{rate(item.current_hourly_price_usd)} an hour, {rate(item.hourly_price_usd)} when it runs"
    if item.state != RUNNING or item.stopped_hourly_price_usd >= item.hourly_price_usd:
        return _instead([item])
    return f"{_instead([item])}; stopped it costs {rate(item.stopped_hourly_price_usd)}"


def _why_not(item: Reservation) -> str:
    """Why it cannot be archived."""
    if keeps_images(item.provider):
        return "it was adopted, or is older than archives, so it could not be made again from images"
    return f"{provider_title(item.provider)} keeps no images of its disks"


def _offered(items: Sequence[Reservation]) -> str:
    """What an archive in its place would be."""
    if not items:
        return f'Say "archive" and a name, for machines on {image_clouds()}.' if image_clouds() else ""
    unable = [item for item in items if item.archived_hourly_price_usd is None]
    if unable:
        clouds = f"; {image_clouds()} can" if image_clouds() and not keeps_images(unable[0].provider) else ""
        return f"For {names([item.name for item in unable])} I cannot do that: {_why_not(unable[0])}{clouds}."
    return f"For {names([item.name for item in items])} that would be {_instead(items)}."
