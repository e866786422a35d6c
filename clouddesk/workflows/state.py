"""A reservation's whole state inside its workflow, with the rules of lease, warnings and cost; no Temporal here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from clouddesk.model import audit
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import LimitExceeded
from clouddesk.model.fallback import Fallback, Refusal
from clouddesk.model.idling import shown_alive
from clouddesk.model.logins import LoginState
from clouddesk.model.node import GONE, SSH, Node
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import STOPPED as NODE_STOPPED
from clouddesk.model.notice import Notice
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import (
    CONFIGURING,
    ENDED,
    PARTIAL,
    PROVISIONING,
    RELEASING,
    RUNNING,
    STOPPED,
    Reservation,
    first_view,
    unused_usd,
)
from clouddesk.workflows.drift import EXTRA, STARTED_OUTSIDE, STOPPED_OUTSIDE, Drift, observe
from clouddesk.workflows.notices import make_notice

MOST_ENTRIES = 200
LEAST_WARNING_SECONDS = 60
PROTECTED_WARNING_SECONDS = (3 * 86400, 86400)
"""Besides those of the order, while it is protected."""
TRIED_EXPLAINS = timedelta(hours=1)
"""So long after a change of power that failed, a machine that is as was asked has come to it late."""


@dataclass
class ReservationState:
    """All that the workflow knows."""

    view: Reservation
    lease_seconds: int
    max_lease_seconds: int
    warning_seconds: tuple[int, ...]
    pending_warnings: list[int] = field(default_factory=list)
    """Those that lie ahead, by their seconds before the end."""
    extensions: dict[str, datetime] = field(default_factory=dict)
    """The new end by request id: a repeated request gets the same answer."""
    outbox: list[Notice] = field(default_factory=list)
    published_revision: int = 0
    ending: str | None = None
    """The reason why the teardown is due; the first one stays."""
    is_failure: bool = False
    """It ends because its nodes never came to run."""
    is_nothing_made: bool = False
    """Nothing was ever asked to be made, so there is nothing that could be left."""
    ends_at: datetime | None = None
    """The end that was agreed as a time; while it lies ahead it counts, and not the length."""
    has_begun: bool = False
    """The lease runs: all nodes ran once."""
    are_credentials_refused: bool = False
    """The cloud refuses them, and the owner was told."""
    extras: list[str] = field(default_factory=list)
    """Machines with the reservation's tag that are no part of it, and that the owner was told of."""
    trail: list[AuditEntry] = field(default_factory=list)
    """The latest of what was done, oldest first."""
    entries: int = 0
    """How many were written ever."""
    published_entries: int = 0
    generation: int = 0
    """Not 0 when machines were adopted that another workflow looked after once, under the same id."""

    is_unseen: bool = False
    """The nodes are adopted ones as somebody saw them some time ago."""
    tried: str | None = None
    """The power ("running", "stopped") that was asked of all nodes last and that some did not come to."""
    tried_at: datetime | None = None
    share_requests: list[str] = field(default_factory=list)
    """The latest wishes to share or not to share: one that comes again, however late, changes nothing."""
    trouble_at: datetime | None = None
    """When people are told (again) that the teardown takes long."""
    refusals: list[Refusal] = field(default_factory=list)
    """Where its machines were tried for in vain, oldest first."""
    host_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The machines' public keys by node key, as the first configuration met them."""
    is_growing: bool = False
    """Machines, or images of them, are being made beside what there is: not all of it may be listed yet."""
    has_stale_images: bool = False
    """The cloud may have images of its disks that are of no use any more: they are deleted, however long it takes."""
    archived_logins: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """While it is archived: whose keys are on its disks because it was shared with them, by node key."""
    scale_requests: list[str] = field(default_factory=list)
    """The latest wishes for another number of machines: one that comes again changes nothing."""

    logins: LoginState = field(default_factory=LoginState)
    """Whose keys are on the machines because it is shared with them."""

    @classmethod
    def of(cls, order: ReservationOrder) -> ReservationState:
        """The state with which a reservation begins."""
        state = cls(
            view=replace(first_view(order), revision=1),
            lease_seconds=order.lease_seconds,
            max_lease_seconds=order.max_lease_seconds,
            warning_seconds=order.warning_seconds,
            ends_at=order.ends_at,
        )
        state.record(
            audit.REQUESTED,
            order.created_at,
            by=order.owner,
            nodes=str(len(order.nodes.nodes)),
            size=order.nodes.size,
            provider=order.provider,
            region=order.nodes.region,
            software=order.software or "",
            lease_seconds=str(order.lease_seconds),
            hourly_price_usd=f"{order.hourly_price_usd:.6f}",
            **openings_told(order),
        )
        return state

    @classmethod
    def adopting(cls, order: ReservationOrder, nodes: Sequence[Node], *, by: str) -> ReservationState:
        """How a reservation of machines that exist already begins; its lease runs from the order on."""
        now = order.created_at
        state = cls.of(order)
        state.begin_lease(now, nodes)
        if all(node.state == NODE_STOPPED for node in nodes):
            state.change(now, state=STOPPED)
        # Above everything that the reservation of before counted: its views, notices and entries may still be there.
        state.generation = int(now.timestamp())
        state.view = replace(state.view, revision=state.generation)
        state.trail, state.entries, state.published_entries = [], state.generation, state.generation
        state.record(audit.ORPHAN_SETTLED, now, by=by, what="adopted", nodes=" ".join(node.id for node in nodes))
        state.is_unseen = True
        return state

    @property
    def has_news(self) -> bool:
        """The published view or the notices are behind."""
        is_view_behind = self.published_revision < self.view.revision
        return is_view_behind or bool(self.outbox) or self.published_entries < self.entries

    @property
    def new_entries(self) -> tuple[AuditEntry, ...]:
        """Those that are not in the trail that people read."""
        behind = self.entries - self.published_entries
        return tuple(self.trail[-behind:]) if behind else ()

    def change(self, now: datetime, **fields: Any) -> None:
        """Change the view; the cost up to now is counted at the rate of the state that ends here."""
        before = self.view
        fields = {"host_keys": dict(self.host_keys)} | fields
        after = replace(before.counted(now), **fields, revision=before.revision + 1)
        self.view = after.read_after(before)

    def notify(self, kind: str, now: datetime, *, key: str = "", is_for_admins: bool = False, **facts: str) -> None:
        """Put a notice in the outbox. ``key`` tells apart several of one kind; the same key is delivered once."""
        self.outbox.append(make_notice(self.view, kind, now, key=key, is_for_admins=is_for_admins, **facts))

    def record(self, action: str, now: datetime, *, by: str = "", **facts: str) -> None:
        """Write down what was done, and by whom ("" is CloudDesk itself)."""
        self.entries += 1
        entry = AuditEntry.about(self.view, action, now, key=str(self.entries), by=by, **facts)
        self.trail = [*self.trail[1 - MOST_ENTRIES :], entry]

    def begin_lease(self, now: datetime, nodes: Sequence[Node]) -> None:
        """All nodes run: the clock and the costs begin."""
        expires_at = now + timedelta(seconds=self.lease_seconds)
        if self.ends_at is not None and self.ends_at > now:
            expires_at = self.ends_at
            self.lease_seconds = math.ceil((expires_at - now).total_seconds())
        self.change(
            now,
            state=RUNNING,
            nodes=tuple(nodes),
            accrued_at=now,
            expires_at=expires_at,
            longest_end=expires_at + timedelta(seconds=self.max_lease_seconds - self.lease_seconds),
            reason=None,
            choose_by=None,
        )
        self.has_begun = True
        self.arm_warnings(now)

    def configure(self, now: datetime, nodes: Sequence[Node]) -> None:
        """All nodes run and cost; their software is being put on them (again)."""
        self.change(now, state=CONFIGURING, nodes=tuple(nodes), accrued_at=now, choose_by=None, can_go_on=False)

    def take_part(self, now: datetime, nodes: Sequence[Node], *, choose_by: datetime, can_go_on: bool) -> None:
        """Only these nodes came up; they cost their share while the owner is asked."""
        self.change(now, state=PARTIAL, nodes=tuple(nodes), accrued_at=now, choose_by=choose_by, can_go_on=can_go_on)

    def resume_provisioning(self, now: datetime, *, node_count: int | None = None) -> None:
        """The owner chose to go for all nodes again, or with ``node_count`` for the fewer that came up."""
        view = self.view
        share = 1.0 if node_count is None else node_count / view.node_count
        archived = view.archived_hourly_price_usd
        self.change(
            now,
            state=PROVISIONING,
            choose_by=None,
            can_go_on=False,
            node_count=node_count or view.node_count,
            hourly_price_usd=view.hourly_price_usd * share,
            stopped_hourly_price_usd=view.stopped_hourly_price_usd * share,
            archived_hourly_price_usd=None if archived is None else archived * share,
        )

    def offer(self, now: datetime, fallback: Fallback, *, choose_by: datetime) -> None:
        """The owner is asked whether to take these instead; nothing runs, and nothing costs."""
        self.change(now, offered=fallback, choose_by=choose_by)

    def move(self, now: datetime, fallback: Fallback) -> None:
        """From now on these are what is being made."""
        self.change(
            now,
            provider=fallback.provider,
            region=fallback.region,
            size=fallback.size,
            os=fallback.os,
            vcpus=fallback.vcpus,
            memory_gb=fallback.memory_gb,
            disk_gb=fallback.disk_gb,
            spot=fallback.spot,
            architecture=fallback.architecture,
            hourly_price_usd=fallback.hourly_price_usd,
            stopped_hourly_price_usd=fallback.stopped_hourly_price_usd,
            archived_hourly_price_usd=fallback.archived_hourly_price_usd,
            offered=None,
            choose_by=None,
        )

    def arm_warnings(self, now: datetime) -> None:
        """Every warning whose time lies ahead will be given, also those given before an extension.

        Where none does, because the time left is short, there is one at a quarter of it.
        """
        left = (self.view.expires_at - now).total_seconds()
        quarter = max(LEAST_WARNING_SECONDS, int(left / 4))
        known = self.warning_seconds
        if self.view.is_protected:
            # Whoever protects it counts on it, so the end is told earlier as well.
            known = tuple(sorted({*PROTECTED_WARNING_SECONDS, *known}, reverse=True))
        ahead = [seconds for seconds in known if seconds < left]
        self.pending_warnings = ahead or ([quarter] if quarter < left else [])

    def check_extension(self, seconds: int, request_id: str) -> None:
        """Raises LimitExceeded when the lease would become longer than allowed."""
        if request_id in self.extensions:
            return
        total = self.lease_seconds + seconds
        if total > self.max_lease_seconds:
            raise LimitExceeded("hours", asked=total / 3600, limit=self.max_lease_seconds / 3600)

    def extend(self, now: datetime, seconds: int, request_id: str) -> datetime:
        """Lengthen the lease once per request id; returns the new end."""
        if request_id not in self.extensions:
            self.lease_seconds += seconds
            if self.ends_at is not None:
                self.ends_at += timedelta(seconds=seconds)
            # Whoever lengthens it needs it.
            idling = shown_alive(self.view.idling, now)
            self.change(now, expires_at=self.view.expires_at + timedelta(seconds=seconds), idling=idling)
            self.extensions[request_id] = self.view.expires_at
            self.arm_warnings(now)
        return self.extensions[request_id]

    def hold(self, now: datetime) -> datetime:
        """Lengthen the lease as far as is allowed; returns the new end."""
        left = self.max_lease_seconds - self.lease_seconds
        if left > 0:
            self.extend(now, left, f"hold:{self.view.revision}")
        if not self.view.is_held:
            self.change(now, is_held=True, idling=shown_alive(self.view.idling, now))
        return self.view.expires_at

    def observe(self, now: datetime, listed: Sequence[Node]) -> tuple[Drift, ...]:
        """Take over what the cloud lists of a reservation at rest; returns what is new about it."""
        seen = observe(self.view, listed)
        # What came of a change that was asked for here and failed in part was done by nobody else.
        is_recent = self.tried_at is not None and now - self.tried_at < TRIED_EXPLAINS
        tried = self.tried if is_recent and self.tried else ""
        own = {NODE_STOPPED: STOPPED_OUTSIDE, NODE_RUNNING: STARTED_OUTSIDE}.get(tried)
        self.tried = None
        drifts = [item for item in seen.drifts if item.kind != own]
        told = tuple(replace(item, nodes=tuple(i for i in item.nodes if i not in self.extras)) for item in drifts)
        news = tuple(item for item in told if item.nodes)
        self.extras += [id_ for item in news if item.kind == EXTRA for id_ in item.nodes]
        if (seen.nodes, seen.state) != (self.view.nodes, self.view.state):
            self.change(now, nodes=seen.nodes, state=seen.state)
        return news

    def take_due_warning(self, now: datetime) -> int | None:
        """The warning to give now, if any. Of several that came due together only the latest is given."""
        left = (self.view.expires_at - now).total_seconds()
        due = [seconds for seconds in self.pending_warnings if seconds >= left]
        self.pending_warnings = [seconds for seconds in self.pending_warnings if seconds < left]
        return min(due, default=None)

    def seconds_to_next(self, now: datetime) -> float:
        """Until the next warning or the end."""
        left = (self.view.expires_at - now).total_seconds()
        return max(0.0, left - max(self.pending_warnings, default=0))

    def end(self, now: datetime, reason: str) -> None:
        """The teardown is due; the first reason stays."""
        if self.ending is None:
            self.ending = reason
            self.change(now, state=RELEASING, reason=reason, choose_by=None, can_go_on=False, offered=None)

    def fail(self, *, is_nothing_made: bool) -> None:
        """Note that the nodes never came to run."""
        self.is_failure = True
        self.is_nothing_made = is_nothing_made

    def finish(self, now: datetime) -> None:
        """The cloud lists nothing any more."""
        gone = tuple(replace(node, state=GONE, address=None, private_address=None) for node in self.view.nodes)
        unused = unused_usd(self.view, now)
        self.change(now, state=ENDED, ended_at=now, nodes=gone, images=(), unsure_openings=(), unused_usd=unused)
        self.pending_warnings = []


def openings_told(order: ReservationOrder) -> dict[str, str]:
    """Who is let in from outside besides SSH, for the trail."""
    others = [item for item in order.nodes.openings if item != SSH]
    text = " ".join(f"{item.first_port}-{item.last_port}:{item.source}" for item in others)
    return {"openings": text} if text else {}
