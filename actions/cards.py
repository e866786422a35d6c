"""Quotes, lists and details as plain text with Slack's light markup, which also reads well in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from actions import openings, standing
from actions.buttons import button
from actions.turn import Card
from actions.wording import duration, names, plural, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.language.openings import words as opened_words
from clouddesk.language.people import called
from clouddesk.model import doors
from clouddesk.model.actor import Actor, Person
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.idle_steps import saves_by_archiving
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.quote import Elsewhere, Quote
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.model.reservation import (
    ARCHIVED,
    ARCHIVING,
    CONFIGURING,
    ENDED,
    PARTIAL,
    PROVISIONING,
    RUNNING,
    SCALING,
    STARTING,
    STOPPED,
    STOPPING,
    Reservation,
)
from clouddesk.model.share import EXTEND, MANAGE, USE, Share

_DEFAULT = " (default)"
_HABIT = " (as last time)"
_TEAM = " (team default)"
_OLD_PRICE = timedelta(days=2)
_MOST_NODES = 10
_MOST_ELSEWHERE = 3
_TITLES: dict[str, tuple[str, dict[str, Any]]] = {
    "extend_reservation": ("Extend 2 hours", {"duration_minutes": 120}),
    "stop_resource": ("Stop", {}),
    "start_resource": ("Start", {}),
    "archive_resource": ("Archive", {}),
    "terminate_resource": ("Release", {}),
    "share_resource": ("Share", {}),
}
_STEPS = {
    PROVISIONING: ("terminate_resource",),
    PARTIAL: ("terminate_resource",),
    CONFIGURING: ("terminate_resource",),
    RUNNING: ("extend_reservation", "stop_resource", "terminate_resource"),
    STOPPING: ("extend_reservation", "terminate_resource"),
    STOPPED: ("start_resource", "extend_reservation", "terminate_resource"),
    STARTING: ("extend_reservation", "terminate_resource"),
    SCALING: ("extend_reservation", "terminate_resource"),
    ARCHIVING: ("extend_reservation", "terminate_resource"),
    ARCHIVED: ("start_resource", "extend_reservation", "terminate_resource"),
}
"""What a list offers for each, by its state."""
_TAKES = {
    "extend_reservation": EXTEND,
    **dict.fromkeys(("stop_resource", "start_resource", "archive_resource"), MANAGE),
}
"""What of it a share must allow."""
ALLOWED = {USE: "see it", EXTEND: "see and extend it", MANAGE: "see, extend, stop, start and reboot it"}
SIMULATED = "_(simulated: nothing real runs, nothing is billed)_"
_MADE_UP = "_(simulated: the addresses are made up, nothing answers there)_"


def quote_card(quote: Quote, actor: Actor, title: str | None, *, more: str = "") -> Card:
    """Machines, place, price per hour and for the lease, runner-up; every default is marked."""
    lines = [*_machine_lines(quote, title), *openings.quote_lines(quote)]
    lines += [*_price_lines(quote, actor), *_otherwise_lines(quote)]
    beside, hints = _elsewhere_lines(quote), _hint_lines(quote)
    if not quote.is_simulated and quote.created_at - quote.offer.as_of > _OLD_PRICE:
        beside.append(f"Price list of {quote.offer.as_of:%d %b %Y}")
    return Card("\n".join([*lines, *beside, *([more] if more else []), *hints]), (*beside, *hints))


def _hint_lines(quote: Quote) -> list[str]:
    """What can be said to change it, and that nothing of it is real."""
    lines = []
    if quote.habits or quote.team:
        lines.append("To change what is as last time or the team's, say e.g. “anywhere”, “debian” or “for 1 day”.")
    elif quote.defaults:
        lines.append(f"“default” is what I chose; to change it say e.g. {_examples(quote)}.")
    return [*lines, SIMULATED] if quote.is_simulated else lines


def _mark(quote: Quote, *fields: str) -> str:
    """Where the value comes from, when it was not said: of the first of the fields that has a mark."""
    for field in fields:
        for fields_of, mark in ((quote.habits, _HABIT), (quote.team, _TEAM), (quote.defaults, _DEFAULT)):
            if field in fields_of:
                return mark
    return ""


def _machine_lines(quote: Quote, title: str | None) -> list[str]:
    """How many of what and where, its name, what each has, and the roles in a cluster."""
    offer = quote.offer
    count = len(quote.nodes)
    number = " (default number)" if "count" in quote.defaults else ""
    what = f"{title} cluster: " if title and quote.request.kind == CLUSTER else ""
    where = f"{provider_title(offer.provider)} in {offer.region}{_mark(quote, 'region')}"
    lines = [f"*{what}{count} × {offer.size}*{number} on {where}" + (" (spot)" if offer.spot else "")]
    if quote.request.name:
        said = quote.request.name.strip().lower()
        lines.append(f"Name: {quote.name}" + (f" ({said} is taken)" if said != quote.name else ""))
    gpu = f" · {offer.gpus} × {(offer.gpu_type or 'GPU').upper()}" if offer.gpus else ""
    each = "Each: " if count > 1 else ""
    lines.append(
        f"{each}{offer.vcpus} vCPU · {offer.memory_gb:g} GB memory{_mark(quote, 'size', 'memory')}{gpu} · "
        f"{quote.disk_gb:g} GB disk{_mark(quote, 'storage')} · {quote.os}{_mark(quote, 'os')}"
    )
    roles = Counter(node.role for node in quote.nodes)
    if len(roles) > 1:
        lines.append("Roles: " + ", ".join(plural(number, role) for role, number in roles.items()))
    return lines


def _price_lines(quote: Quote, actor: Actor) -> list[str]:
    """The lease, and what it costs an hour and in all."""
    ends = local_time(quote.ends_at, actor, quote.created_at)
    lease = duration(quote.lease_seconds)
    marks = _mark(quote, "duration") + _mark(quote, "duration_seconds")
    term = f"For {lease}{marks}, until {ends} if started now"
    if quote.offer.provider == OWN_MACHINE:
        return [term, "*$0.00, on your own machine*, whose cores and disk they share"]
    return [
        term,
        f"*{hourly(quote.hourly_price_usd)}* · *{money(quote.total_price_usd)} for {lease}*, "
        "disks and addresses included",
    ]


def _otherwise_lines(quote: Quote) -> list[str]:
    """Where it is more or other than what was wished for."""
    offer, lines = quote.offer, []
    wanted_gpus = quote.request.gpu_count or 1
    if offer.gpus > wanted_gpus:
        lines.append(f"{plural(offer.gpus, 'GPU')}, as I know no smaller machine for {wanted_gpus}.")
    if quote.request.spot and not offer.spot:
        lines.append("I know no spot price for this, so it is a normal machine.")
    return lines


def _elsewhere_lines(quote: Quote) -> list[str]:
    """The runner-up, and what other clouds ask."""
    lines, following = [], quote.runner_up
    if following:
        lines.append(
            f"Next: {len(quote.nodes)} × {following.size} on {provider_title(following.provider)} "
            f"in {following.region}, {hourly(quote.runner_up_hourly_price_usd)}"
        )
    told = following.provider if following else None
    if others := [item for item in quote.elsewhere if item.offer.provider != told]:
        lines.append("Elsewhere: " + " · ".join(_elsewhere(item) for item in others[:_MOST_ELSEWHERE]))
    return lines


def request_words(request: ResourceRequest, title: str | None = None) -> str:
    """ "the Spark cluster (3 machines)", "the vm"."""
    number = f" ({plural(request.count, 'machine')})" if request.count and request.count > 1 else ""
    if request.kind == CLUSTER:
        return f"the {title} cluster{number}" if title else f"the cluster{number}"
    return f"the {request.count} vms" if number else "the vm"


def reservation_line(item: Reservation, actor: Actor, now: datetime) -> str:
    """One reservation in a list."""
    cost = money(item.cost_so_far_usd(now))
    head = f"*{item.name}* ({item.id}) · {standing.state_words(item)} · {short_line(item)}"
    if item.state == ENDED:
        return f"{head} · cost {cost}"
    price = hourly(item.told_hourly_price_usd) + standing.price_note(item)
    line = f"{head} · {price}, {cost} so far · ends {local_time(item.expires_at, actor, now)}"
    if offer := standing.offer_words(item, actor, now):
        line += f" · {offer}"
    share = item.share_of(actor.user_id, now)
    return f"{line} · {_shared_by(item, share, actor, now)}" if share else line


def short_line(item: Reservation) -> str:
    """ "3 × m5.xlarge on AWS in us-east-1"."""
    return f"{item.node_count} × {item.size} on {provider_title(item.provider)} in {item.region}"


def reservation_rows(items: Sequence[Reservation], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Each one's line in the list, with what can be done with it now."""
    return [
        {"text": _bullet(item, actor, now), "buttons": [_step(topic, item) for topic in _steps(item, actor, now)]}
        for item in items
    ]


def _steps(item: Reservation, actor: Actor, now: datetime) -> tuple[str, ...]:
    """What can be done with it, by whom it is shown to."""
    steps = _STEPS.get(item.state, ())
    if item.state == STOPPED and saves_by_archiving(item):
        steps = (steps[0], "archive_resource", *steps[1:])
    share = item.share_of(actor.user_id, now)
    if share is None:
        return (*steps, "share_resource") if item.person == actor.person and steps else steps
    return tuple(topic for topic in steps if topic in _TAKES and share.allows(_TAKES[topic]))


def share_end(share: Share, item: Reservation, actor: Actor, now: datetime) -> str:
    """ "until Friday 18:00", "until it ends (Friday 18:00)"."""
    end = share.until or item.expires_at
    moment = local_time(end, actor, now)
    return f"until {moment}" if share.until else f"until it ends ({moment})"


def _shared_by(item: Reservation, share: Share, actor: Actor, now: datetime) -> str:
    """ "shared by ann until Friday 18:00 (you may see and extend it)"."""
    end = share_end(share, item, actor, now)
    return f"shared by {called(item.person)} {end} (you may {ALLOWED[share.allowed]})"


def _access(item: Reservation, actor: Actor, now: datetime) -> str:
    """Who may see it."""
    if share := item.share_of(actor.user_id, now):
        return "This is " + _shared_by(item, share, actor, now) + "."
    whose = "you" if item.person == actor.person else called(item.person)
    shares = item.open_shares(now)
    if not shares:
        return f"Only {whose} can see and use it."
    people = [
        f"{called(Person(item.workspace_id, share.user_id))} {share_end(share, item, actor, now)} "
        f"(may {ALLOWED[share.allowed]})"
        for share in shares
    ]
    return "Shared with: " + "; ".join(people) + "."


def _step(topic: str, item: Reservation) -> dict[str, str]:
    title, said = _TITLES[topic]
    return button(title, topic, resource_name=item.id, **said)


def _bullet(item: Reservation, actor: Actor, now: datetime) -> str:
    return f"• {reservation_line(item, actor, now)}"


def reservation_list(
    items: Sequence[Reservation], actor: Actor, now: datetime, *, shared: Sequence[Reservation] = ()
) -> Card:
    """All of them, with the sum of the actor's own."""
    head = standing.head(items) if items else "You have no machines of your own."
    lines = [head, *(_bullet(item, actor, now) for item in items)]
    if shared:
        lines += ["Shared with you:", *(_bullet(item, actor, now) for item in shared)]
    return with_mark(lines, (*items, *shared))


def reservation_card(item: Reservation, actor: Actor, now: datetime, *, more: Sequence[str] = ()) -> Card:
    """Everything about one reservation; ``more`` lines come before those of its machines."""
    what = f"{item.software} cluster" if item.software and item.kind == CLUSTER else item.kind
    if item.kind != CLUSTER and item.all_software:
        what += f" for {names(item.all_software)}"
    each = " each" if item.node_count > 1 else ""
    why = f" ({item.reason})" if item.reason else ""
    lines = [
        f"*{item.name}* ({item.id}), {what}, {standing.state_words(item)}{why}",
        f"{short_line(item)} · {item.vcpus} vCPU · {item.memory_gb:g} GB memory{each} · {item.os}",
        f"{hourly(item.told_hourly_price_usd)} now, {money(item.cost_so_far_usd(now))} so far",
        f"Since {local_time(item.created_at, actor, now)}, "
        + (
            f"ended {local_time(item.ended_at, actor, now)}"
            if item.ended_at
            else f"ends {local_time(item.expires_at, actor, now)}"
        ),
        _access(item, actor, now),
    ]
    if handover := standing.offer_words(item, actor, now):
        lines.append(f"It is {handover}.")
    if offer := item.offered:
        other = f"{item.node_count} × {offer.size} on {provider_title(offer.provider)} in {offer.region}"
        lines.append(f"There are none of these left. Shall I take {other}, {hourly(offer.hourly_price_usd)}?")
    if item.state == ARCHIVED:
        lines.append(standing.image_note(item))
    if item.openings:
        lines.append(f"Open: {opened_words(item.openings)}")
    lines.extend(openings.unsure_lines(item))
    lines.extend([*more, *_node_lines(item)])
    return with_mark(lines, [item])


def is_let_in(item: Reservation, actor: Actor) -> bool:
    """Whether SSH keys of the actor's log in to its machines."""
    if item.person == actor.person and item.has_owner_keys:
        return True
    return item.workspace_id == actor.workspace_id and actor.user_id in item.let_in


def connect_card(item: Reservation, actor: Actor) -> Card:
    """How to log in to each machine, or honestly that the actor can't."""
    is_owner = item.person == actor.person
    if is_let_in(item, actor):
        is_from_order = is_owner and item.has_owner_keys
        given = "that you had given me when you ordered it" if is_from_order else "that I have of you"
        lines = [f"*{item.name}*, with the SSH keys {given}:"]
        lines.extend(_ssh_lines(item))
        lines.extend(_software_lines(item))
        lines.append(f"For `~/.ssh/config`: “ssh config for {item.name}”.")
    elif len(item.nodes) == 1 and item.nodes[0].address:
        lines = [f"*{item.name}* is at {item.nodes[0].address}, but no SSH key of yours is installed on it."]
    else:
        lines = [f"*{item.name}* is at these addresses, but no SSH key of yours is installed there:"]
        lines.extend(_node_lines(item))
    has_part = any(share.user_id == actor.user_id for share in item.shares)
    if has_part and item.is_reached and not is_let_in(item, actor):
        lines.append('Give me your public key ("my ssh key is ssh-ed25519 …"), and I put it there.')
    if is_owner and not item.has_owner_keys and not item.earlier_owners:
        lines.append(
            'Give me your public key ("my ssh key is ssh-ed25519 …"), and the next machines you order let you in.'
        )
    return _card(lines, _MADE_UP if item.is_simulated else "")


def credentials_list(infos: Sequence[CredentialInfo]) -> str:
    """What may be shown of stored credentials."""
    lines = []
    for info in infos:
        if info.provider == OWN_MACHINE:
            lines.append(f"• {provider_title(info.provider)}: {info.account}, no key needed")
            continue
        simulated = " (simulated)" if info.is_simulated else ""
        lines.append(
            f"• {provider_title(info.provider)}{simulated}: account {info.account}, added {info.added_at:%d %b %Y}, "
            f"checked {info.checked_at:%d %b %Y}"
        )
    return "\n".join(lines)


def with_mark(lines: Sequence[str], items: Sequence[Reservation]) -> Card:
    """Lines about reservations, which say at their end when nothing of those is real."""
    return _card(lines, SIMULATED if any(item.is_simulated for item in items) else "")


def _card(lines: Sequence[str], small: str) -> Card:
    return Card("\n".join([*lines, small]), (small,)) if small else Card("\n".join(lines))


def _elsewhere(item: Elsewhere) -> str:
    """ "Azure $0.05/h", "Linode $0.036/h (you have no access)"."""
    no_access = "" if item.has_access else " (you have no access)"
    return f"{provider_title(item.offer.provider)} {hourly(item.hourly_price_usd)}{no_access}"


def _node_lines(item: Reservation) -> list[str]:
    lines = [
        f"• {node.key}: {node.state}" + (f", {node.endpoint}" if node.endpoint else "")
        for node in item.nodes[:_MOST_NODES]
    ]
    if len(item.nodes) > _MOST_NODES:
        lines.append(f"… and {len(item.nodes) - _MOST_NODES} more")
    return lines


def _software_lines(item: Reservation) -> list[str]:
    """How its software is reached; the names of secrets stand where these go, and are filled in where it is shown."""
    lines = []
    if tunnels := doors.tunnels(item):
        lines.append("Its pages open here while this runs in a terminal of yours:")
        lines.extend(f"`{command}`" for command in tunnels)
        lines.extend(f"• {line}" for line in doors.links(item, secrets={}))
    if item.openings:
        lines.append(f"Open without a tunnel: {opened_words(item.openings)}")
    return [*lines, *doors.clients(item)]


def _ssh_lines(item: Reservation) -> list[str]:
    each = len(item.nodes) > 1
    lines = []
    for node in item.nodes[:_MOST_NODES]:
        line = f"`{doors.login(node)}`" if node.address else f"no address ({node.state})"
        lines.append(f"• {node.key}: {line}" if each else line)
    if len(item.nodes) > _MOST_NODES:
        lines.append(f"… and {len(item.nodes) - _MOST_NODES} more")
    return lines


def _examples(quote: Quote) -> str:
    examples = {"count": "“5 machines”", "duration": "“for 2 days”", "size": "“16 GB”", "os": "“debian”"}
    said = [text for field, text in examples.items() if field in quote.defaults] or ["“100 GB disk”"]
    return " or ".join(said[:2])
