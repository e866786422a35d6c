"""Lists that take more than one message: shown page by page, or sent as a file. Reports of costs come as files too.

What follows the first page is kept in Redis for a while, for all gateways:

    <prefix>:list:<id>            whose list it is, and its pages; or whose report of which costs
    <prefix>:rest:<conversation>  the list that "show more" or "as csv" means there, and its next page
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone

from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from clouddesk.costs import CostWish
from clouddesk.costs import as_csv as costs_as_csv
from clouddesk.desk import Desk
from clouddesk.language.money import money
from clouddesk.model.actor import Actor
from clouddesk.model.costs import PROVIDER, RESERVATION
from clouddesk.model.reservation import Reservation
from connectors.rasa import Button, Reply
from connectors.slack import answers, words
from connectors.slack.cards import payload
from connectors.slack.events import Job
from connectors.slack.messenger import Messenger
from connectors.slack.speaking import Speaker
from connectors.slack.uploads import Upload

PAGE_ROWS = 10
PAGES_WITHOUT_FILE = 3
"""Who would have to press more often is offered a file."""
KEPT_SECONDS = 3600
MEANT_SECONDS = 600
"""So long "more" is taken to mean the list."""
FILE_NAME = "reservations.csv"

COSTS_FILE_NAME = "costs.csv"

_COSTS = "costs-"
"""The ids of reports begin so."""
_MORE = "more"
_AS_FILE = "file"
_PLEASE = r"(?: please| pls)?"
_SAYS_MORE = re.compile(
    r"(?:(?:please|and|ok) )*(?:(?:show|list|give|see)(?: me)? )?(?:the )?"
    rf"(?:more|rest|others|next(?: page| ones)?|remaining(?: ones)?)(?: of (?:it|them|the list|those))?{_PLEASE}"
)
_SAYS_FILE = re.compile(
    r"(?:(?:please|and|ok) )*(?:(?:show|list|give|send|export|get)(?: me)? )?"
    r"(?:(?:all|everything|that|it|them|this|the list|my (?:machines|reservations|resources))(?: of (?:it|them))? )?"
    rf"(?:(?:as|in|to) (?:an? )?(?:csv(?: file)?|file|spreadsheet)|(?:an? |the )?csv(?: file)?){_PLEASE}"
)


@dataclass(frozen=True)
class Wish:
    """What a job asks of a list: its next page, or all of it as a file. ``list_id`` is empty when it was said."""

    list_id: str = ""
    page: int = 0
    is_file: bool = False


@dataclass(frozen=True)
class _Kept:
    """``costs``: the wish of the report, where it is none of pages."""

    user_id: str
    pages: list[Reply]
    costs: str = ""

    def as_json(self) -> str:
        pages = [asdict(page) | {"private": page.is_private} for page in self.pages]
        return json.dumps([self.user_id, pages, self.costs], separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes) -> _Kept:
        user_id, pages, *costs = json.loads(text)
        return cls(user_id, [Reply.read(page) for page in pages], *costs)


def wish_in(text: str) -> Wish | None:
    """What is asked of a list by a button of ours or in words; None for everything else."""
    if text.startswith(f"/{_MORE}{{"):
        facts = json.loads(text.removeprefix(f"/{_MORE}"))
        return Wish(str(facts["list"]), int(facts.get("page", 0)), is_file=facts.get("as") == _AS_FILE)
    said = text.lower().strip(" .!?")
    if _SAYS_MORE.fullmatch(said):
        return Wish()
    return Wish(is_file=True) if _SAYS_FILE.fullmatch(said) else None


def pages_of(reply: Reply, list_id: str) -> list[Reply]:
    """The reply itself, or what is shown of its rows one after the other."""
    rows = reply.rows
    if len(rows) <= PAGE_ROWS:
        return [reply]
    lines, texts = reply.text.strip().split("\n"), {row.text.strip() for row in rows}
    places = [place for place, line in enumerate(lines) if line.strip() in texts] or [len(lines)]
    head, tail = lines[: places[0]], lines[places[-1] + 1 :]
    count = -(-len(rows) // PAGE_ROWS)
    pages = []
    for number in range(count):
        shown = rows[number * PAGE_ROWS : (number + 1) * PAGE_ROWS]
        left = len(rows) - (number + 1) * PAGE_ROWS
        begin = [words.PAGE.format(number=number + 1, count=count)] if number else head
        rest = [words.LIST_REST.format(count=left)] if left > 0 else []
        buttons = [Button(words.LIST_MORE, payload(_MORE, list=list_id, page=number + 1))] if left > 0 else []
        if count > PAGES_WITHOUT_FILE:
            rest.append(words.LIST_AS_FILE.format(count=len(rows)))
            buttons.append(Button(words.LIST_FILE, payload(_MORE, list=list_id, **{"as": _AS_FILE})))
        text = "\n".join([*begin, *(row.text for row in shown), *tail, *rest])
        small, buttons = (*reply.small, *rest), [*buttons, *reply.buttons]
        pages.append(replace(reply, text=text, buttons=tuple(buttons), rows=tuple(shown), small=small))
    return pages


def as_csv(items: Sequence[Reservation], now: datetime) -> str:
    """One line each, under the names that `clouddesk reservations --json` has."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(
        [
            *("id", "name", "kind", "software", "state", "provider", "region", "size", "machines", "vcpus"),
            *("memory_gb", "os", "hourly_price_usd", "cost_so_far_usd", "created_at", "expires_at"),
        ]
    )
    for item in items:
        hourly = item.told_hourly_price_usd
        prices = ("" if hourly is None else f"{hourly:.4f}", f"{item.cost_so_far_usd(now):.2f}")
        times = (_utc(item.created_at), _utc(item.expires_at))
        size = (item.size, item.node_count, item.vcpus, f"{item.memory_gb:g}", item.os)
        what = (item.id, item.name, item.kind, item.software or "", item.state, item.provider, item.region)
        table.writerow([*what, *size, *prices, *times])
    return out.getvalue()


class Lists:
    """Keeps what is left of long lists."""

    def __init__(self, *, desk: Desk, messenger: Messenger, redis: Redis[bytes], prefix: str) -> None:
        self._desk = desk
        self._messenger = messenger
        self._redis = redis
        self._prefix = prefix

    async def begin(self, job: Job, replies: Sequence[Reply]) -> list[Reply]:
        """The replies, of a long list the first page."""
        shown = []
        for number, reply in enumerate(replies):
            list_id = f"{job.id}-{number}"
            first, *others = pages = pages_of(reply, list_id)
            if others:
                await self._redis.set(self._list(list_id), _Kept(job.user_id, pages).as_json(), ex=KEPT_SECONDS)
                await self._expect(job, list_id, 1)
            elif reply.costs:
                list_id, kept = f"{_COSTS}{list_id}", _Kept(job.user_id, [], reply.costs)
                await self._redis.set(self._list(list_id), kept.as_json(), ex=KEPT_SECONDS)
                await self._expect(job, list_id, 0)
                as_file = Button(words.COSTS_FILE, payload(_MORE, list=list_id, **{"as": _AS_FILE}))
                first = replace(reply, buttons=(*reply.buttons, as_file))
            elif reply.rows:
                await self._redis.delete(self._rest(job))
            shown.append(first)
        return shown

    async def answer(self, job: Job, wish: Wish, actor: Actor, speaker: Speaker) -> bool:
        """Show or send what is wished for, to that person alone; False when the words meant no list."""
        is_said = not wish.list_id
        if is_said and (meant := await self._redis.get(self._rest(job))):
            list_id, page = json.loads(meant)
            wish = Wish(list_id, page, is_file=wish.is_file)
        text = await self._redis.get(self._list(wish.list_id)) if wish.list_id else None
        kept = _Kept.from_json(text) if text else None
        if is_said and not wish.is_file and (kept is None or kept.costs):
            return False
        if kept is not None and kept.user_id != job.user_id:
            await speaker.hint(answers.LIST_OF_ANOTHER)
        elif kept is None and wish.list_id.startswith(_COSTS) and not is_said:
            await speaker.hint(answers.COSTS_GONE)
        elif wish.is_file:
            return await self._send(job, kept, actor, speaker, must_answer=not is_said)
        elif kept is None or wish.page >= len(kept.pages):
            await speaker.hint(answers.LIST_GONE if kept is None else answers.LIST_OVER)
        else:
            await speaker.hint(kept.pages[wish.page])
            await self._expect(job, wish.list_id, wish.page + 1)
        return True

    async def _send(self, job: Job, kept: _Kept | None, actor: Actor, speaker: Speaker, *, must_answer: bool) -> bool:
        if kept is not None and kept.costs:
            return await self._send_costs(job, CostWish.read(kept.costs), actor, speaker)
        items = await self._desk.reservations(actor)
        if kept is not None:
            listed = "\n".join(row.text for page in kept.pages for row in page.rows)
            items = [item for item in items if f"({item.id})" in listed]
        if not items:
            if must_answer:
                await speaker.hint(answers.LIST_GONE)
            return must_answer
        content = as_csv(items, self._desk.clock()).encode()
        return await self._upload(
            job, Upload(FILE_NAME, content, says=words.FILE_SAYS.format(count=len(items))), speaker
        )

    async def _send_costs(self, job: Job, wish: CostWish, actor: Actor, speaker: Speaker) -> bool:
        """As they are now, and as far as this person may see them now."""
        report = await self._desk.costs.report(actor, wish)
        facts = {"since": f"{report.since:%Y-%m-%d}", "until": f"{min(report.until, report.now):%Y-%m-%d}"}
        content = costs_as_csv(report, RESERVATION if report.has_names else PROVIDER).encode()
        says = words.COSTS_FILE_SAYS.format(**facts, sum=money(report.total_usd))
        return await self._upload(job, Upload(COSTS_FILE_NAME, content, says=says), speaker)

    async def _upload(self, job: Job, file: Upload, speaker: Speaker) -> bool:
        """To that person alone."""
        direct = await self._messenger.direct(job.user_id)
        try:
            await self._messenger.upload(direct, file, key=f"{job.id}:{_AS_FILE}")
        except SlackApiError as error:
            if error.response["error"] not in ("missing_scope", "not_allowed_token_type"):
                raise
            await speaker.hint(answers.NO_FILES)
            return True
        if not job.is_direct:
            await speaker.hint(answers.SENT_PRIVATELY)
        return True

    async def _expect(self, job: Job, list_id: str, page: int) -> None:
        await self._redis.set(self._rest(job), json.dumps([list_id, page]), ex=MEANT_SECONDS)

    def _list(self, list_id: str) -> str:
        return f"{self._prefix}:list:{list_id}"

    def _rest(self, job: Job) -> str:
        return f"{self._prefix}:rest:{job.conversation}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
