"""App Home: a person's machines, their access to clouds, and what this month's machines cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from clouddesk.language.localtime import Reader, local_time, zone_of
from clouddesk.language.money import UNKNOWN, hourly, money, rate
from clouddesk.language.people import called
from clouddesk.model.costs import CostReport
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.freeze import Freeze
from clouddesk.model.idle_steps import saves_by_archiving
from clouddesk.model.reservation import (
    ARCHIVED,
    ARCHIVING,
    CONFIGURING,
    PARTIAL,
    PROVISIONING,
    RELEASING,
    RUNNING,
    SCALING,
    STARTING,
    STOPPED,
    STOPPING,
    Reservation,
)
from clouddesk.model.share import EXTEND, MANAGE, USE, Share
from clouddesk.model.ssh_key import ADD_WORDS, SshKey
from clouddesk.providers.table import title_of
from clouddesk.team_view import Running, machines_in
from connectors.rasa import Button
from connectors.slack import words
from connectors.slack.cards import actions, context, payload, section
from connectors.slack.credentials_view import MOST_OF_A_NAME, paragraph, plain
from connectors.slack.keys_view import called as called_key
from connectors.slack.limits import VIEW_BLOCKS, Block, cut
from connectors.slack.text import mrkdwn

HOME = "home"
_MOST = 20
"""Reservations; with the rest of the page they stay within Slack's 100 blocks."""
_MOST_SHARED = 6
_MOST_OF_TEAM = 5
_MOST_ACCESSES = 15
_TAKES = {
    "describe_resource": USE,
    "extend_reservation": EXTEND,
    "stop_resource": MANAGE,
    "start_resource": MANAGE,
    "archive_resource": MANAGE,
}
"""What a share must allow for it; the rest is the owner's."""
_EXTENSION_MINUTES = 120
_MOST_OF_A_LINE = 300
_DAY = 86400
_SECOND = timedelta(seconds=1)


def home(
    reservations: Sequence[Reservation],
    credentials: Sequence[CredentialInfo],
    month: CostReport,
    *,
    now: datetime,
    reader: Reader,
    shared: Sequence[tuple[Reservation, Share]] = (),
    team: Sequence[Running] | None = None,
    freeze: Freeze | None = None,
    keys: Sequence[SshKey] = (),
    budget: Sequence[str] = (),
) -> dict[str, Any]:
    """The page.

    ``month``: what this month has cost; ``shared``: the reservations of colleagues.

    ``team``: for admins, all that runs, the dearest first. ``freeze``: the one that holds.
    ``budget``: what of the person's budget is used and left, in words.
    """
    live = [item for item in reservations if item.is_live]
    blocks = [_header(words.HOME_MACHINES), *_machines(live, now, reader)]
    blocks.append(context(words.HOME_ANSWERED))
    if shared:
        blocks += [{"type": "divider"}, _header(words.HOME_SHARED), *_shared(shared, now, reader)]
    blocks += [{"type": "divider"}, _header(words.HOME_MONTH), *_month(month, reader)]
    blocks += [context(mrkdwn(words.HOME_BUDGET.format(use=cut(line, _MOST_OF_A_LINE)))) for line in budget]
    if team is not None:
        blocks += [{"type": "divider"}, _header(words.HOME_TEAM), *_team(team, now, reader)]
    if freeze is not None:
        blocks.append(section(mrkdwn(_frozen(freeze, now, reader))))
    blocks += [{"type": "divider"}, _header(words.HOME_ACCESS), *_accesses(credentials, now, reader)]
    blocks += [{"type": "divider"}, _header(words.HOME_KEYS), *_keys(keys)]
    if any(item.is_simulated for item in live) or any(info.is_simulated for info in credentials):
        blocks.append(context(words.HOME_SIMULATED))
    return _page(blocks)


def refused_home(text: str) -> dict[str, Any]:
    """For who gets nothing: why."""
    return _page([paragraph(text)])


def home_down() -> dict[str, Any]:
    """While the Desk does not answer."""
    return refused_home(words.HOME_DOWN)


def _machines(live: Sequence[Reservation], now: datetime, reader: Reader) -> Iterable[Block]:
    if not live:
        yield section(mrkdwn(words.HOME_NOTHING))
        yield from actions([Button(example, example) for example in words.HOME_EXAMPLES])
    for item in live[:_MOST]:
        yield paragraph(_machine(item, now, reader))
        yield from actions(_steps(item))
    if len(live) > _MOST:
        yield context(mrkdwn(words.HOME_LEFT_OUT.format(count=len(live) - _MOST)))


def _shared(found: Sequence[tuple[Reservation, Share]], now: datetime, reader: Reader) -> Iterable[Block]:
    for item, share in found[:_MOST_SHARED]:
        end = local_time(share.until or item.expires_at, reader, now)
        allowed = words.SHARE_LEVELS[share.allowed].lower()
        by = words.HOME_SHARED_BY.format(owner=called(item.person), end=end, allowed=allowed)
        yield paragraph(f"{_machine(item, now, reader)}\n{by}")
        yield from actions([step for step in dict.fromkeys((*_steps(item), _details(item))) if _may(share, step)])


def _machine(item: Reservation, now: datetime, reader: Reader) -> str:
    left = (item.expires_at - now).total_seconds()
    until = local_time(item.expires_at, reader, now)
    # The minutes of a time of days are nobody's concern.
    left = left // 3600 * 3600 if left > _DAY else left
    ends = f"{words.span(left)} left, until {until}" if left > 0 else f"ended {until}"
    up = words.HOME_UP.format(up=item.nodes_up, count=item.node_count) if item.nodes_up is not None else ""
    return (
        f"*{item.name}* {words.STATES[item.state]}{up}\n"
        f"{item.node_count} × {item.size} on {title_of(item.provider)} in {item.region}\n"
        f"{ends}\n{hourly(item.told_hourly_price_usd)} · {money(item.cost_so_far_usd(now))} so far"
    )


def _steps(item: Reservation) -> list[Button]:
    extend = Button(
        words.EXTEND, payload("extend_reservation", resource_name=item.id, duration_minutes=_EXTENSION_MINUTES)
    )
    stop, start, archive, release, details, share = (
        Button(title, payload(intent, resource_name=item.id))
        for title, intent in (
            (words.STOP, "stop_resource"),
            (words.START, "start_resource"),
            (words.ARCHIVE, "archive_resource"),
            (words.RELEASE, "terminate_resource"),
            (words.DETAILS, "describe_resource"),
            (words.SHARE_SUBMIT, "share_resource"),
        )
    )
    return {
        PROVISIONING: [details, release],
        PARTIAL: [details, release],
        CONFIGURING: [details, release],
        RUNNING: [extend, stop, release, share],
        STOPPING: [details, release],
        STOPPED: [start, *([archive] if saves_by_archiving(item) else ()), extend, release, share],
        STARTING: [details, release],
        SCALING: [details, release],
        ARCHIVING: [details, release],
        ARCHIVED: [start, extend, release, share],
        RELEASING: [details],
    }[item.state]


def _may(share: Share, step: Button) -> bool:
    """Whether a colleague may press it."""
    level = _TAKES.get(step.payload.lstrip("/").partition("{")[0])
    return level is not None and share.allows(level)


def _details(item: Reservation) -> Button:
    return Button(words.DETAILS, payload("describe_resource", resource_name=item.id))


def _month(report: CostReport, reader: Reader) -> Iterable[Block]:
    if not report.lines:
        yield section(mrkdwn(words.HOME_MONTH_NONE))
        return
    first, last = (moment.astimezone(zone_of(reader.timezone)) for moment in (report.since, report.until - _SECOND))
    facts = {
        "sum": money(report.total_usd),
        "month": f"{first:%B}",
        "rate": rate(report.hourly_usd),
        "forecast": money(report.forecast_usd),
        "last": f"{last.day} {last:%B}",
        "earlier": money(report.earlier_usd),
        "before": f"{first - timedelta(days=1):%B}",
        "slept": money(report.saved_usd),
        "early": money(report.unused_usd),
    }
    lines = [words.HOME_MONTH_SUM]
    if report.to_come_usd:
        lines.append(words.HOME_MONTH_FORECAST)
    if report.earlier_usd:
        lines.append(words.HOME_MONTH_EARLIER)
    if report.saved_usd or report.unused_usd:
        lines.append(words.HOME_MONTH_SAVED)
    yield section(mrkdwn("\n".join(lines).format(**facts)))
    yield from actions([Button(words.HOME_MONTH_MORE, payload("cost_report"))])


def _team(found: Sequence[Running], now: datetime, reader: Reader) -> Iterable[Block]:
    if not found:
        yield section(mrkdwn(words.HOME_TEAM_NONE))
        return
    items = [row.item for row in found]
    told = words.HOME_TEAM_SUM.format(
        machines=machines_in(items),
        people=len({item.owner for item in items}),
        rate=rate(sum(item.current_hourly_price_usd for item in items)),
        cost=money(sum(item.cost_so_far_usd(now) for item in items)),
    )
    lines = [
        words.HOME_TEAM_LINE.format(
            name=item.name,
            owner=called(item.person),
            rate=UNKNOWN if item.told_hourly_price_usd is None else rate(item.told_hourly_price_usd),
            since=local_time(item.created_at, reader, now),
            ends=local_time(item.expires_at, reader, now),
        )
        for item in items[:_MOST_OF_TEAM]
    ]
    yield paragraph("\n".join([told, *lines]))
    yield from actions([Button(title, said) for title, said in words.HOME_TEAM_SHOWN])


def _frozen(freeze: Freeze, now: datetime, reader: Reader) -> str:
    until = f"until {local_time(freeze.until, reader, now)}" if freeze.until else "until an admin lifts that"
    return words.HOME_TEAM_FROZEN.format(until=until, why=f" ({freeze.reason})" if freeze.reason else "")


def _accesses(credentials: Sequence[CredentialInfo], now: datetime, reader: Reader) -> Iterable[Block]:
    if not credentials:
        yield section(mrkdwn(words.HOME_NO_ACCESS))
    for info in credentials[:_MOST_ACCESSES]:
        added = local_time(info.added_at, reader, now)
        checked = local_time(info.checked_at, reader, now)
        account = cut(info.account, MOST_OF_A_NAME)
        title = f"*{title_of(info.provider)}*" + (" _(simulated)_" if info.is_simulated else "")
        yield section(mrkdwn(f"{title}\nAccount {account}\nAdded {added}, last checked {checked}"))
        yield from actions(
            [
                Button(words.RENEW, payload("add_credentials", provider=info.provider)),
                Button(words.REMOVE, payload("remove_credentials", provider=info.provider)),
            ]
        )
    yield from actions([Button(words.ADD_ACCESS, payload("add_credentials"))])
    yield context(words.HOME_NEVER_SHOWN)


def _keys(known: Sequence[SshKey]) -> Iterable[Block]:
    said = [words.HOME_KEY.format(name=called_key(key), kind=key.kind, fingerprint=key.fingerprint) for key in known]
    yield paragraph("\n".join(said) or words.HOME_NO_KEYS)
    yield from actions(
        [
            Button(words.ADD_KEY, ADD_WORDS),
            *(
                Button(words.REMOVE_KEY.format(name=called_key(key)), f"remove ssh key {key.fingerprint}")
                for key in known
            ),
        ]
    )


def _page(blocks: list[Block]) -> dict[str, Any]:
    return {"type": "home", "callback_id": HOME, "blocks": blocks[:VIEW_BLOCKS]}


def _header(text: str) -> Block:
    return {"type": "header", "text": plain(text)}
