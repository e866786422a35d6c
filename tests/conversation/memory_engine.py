"""The engine of reservations, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import NotFound, WrongState
from clouddesk.model.idling import IdleWish, kept, with_wish
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.node import AVAILABLE, GONE, Node, NodeImage, Opening
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import STOPPED as NODE_STOPPED
from clouddesk.model.notice import Notice
from clouddesk.model.order import ReservationOrder
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.reservation import (
    ARCHIVED,
    CHOICES,
    DECLINE,
    ENDED,
    GIVE_BACK,
    GO_ON,
    OFFER_CHOICES,
    PARTIAL,
    PROVISIONING,
    RELEASING,
    RUNNING,
    STOPPED,
    Reservation,
    first_view,
    unused_usd,
)
from clouddesk.model.scaling import Scale
from clouddesk.model.share import Share
from clouddesk.workflows import handover
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.wishes import Handover
from tests.conversation.memory_clock import HandClock
from tests.conversation.memory_reservations import MemoryViews


class MemoryEngine:
    """Reservations that are changed at once; ``fault`` is raised by the next call instead."""

    def __init__(self, views: MemoryViews, clock: HandClock) -> None:
        self.views = views
        self.clock = clock
        self.fault: Exception | None = None
        self.orders: dict[str, ReservationOrder] = {}
        self.extended: set[str] = set()
        self.cleared: list[str] = []
        self.scaled: list[str] = []
        self.told: list[Notice] = []
        """What people were told of, for who has the notices."""
        self.written: list[AuditEntry] = []
        """What a workflow has written into the trail."""

    async def start(self, order: ReservationOrder) -> None:
        self._fail()
        self.orders[order.reservation_id] = order
        self.views.items[order.reservation_id] = first_view(order)

    def finish_provisioning(self, reservation_id: str) -> None:
        """The machines run now."""
        item = self.views.items[reservation_id]
        nodes = tuple(
            Node(
                id=f"i-{number}",
                key=f"node-{number}",
                role="node",
                state=NODE_RUNNING,
                provider=item.provider,
                region=item.region,
                size=item.size,
                address=f"198.51.100.{number}",
                reservation_id=item.id,
                login="ubuntu",
            )
            for number in range(1, item.node_count + 1)
        )
        is_reached = item.is_reached or not item.is_simulated
        self._put(item, state=RUNNING, nodes=nodes, accrued_at=self.clock(), is_reached=is_reached)

    def lose_one(self, reservation_id: str) -> None:
        """Its last machine did not come up, and the owner is asked."""
        item = self.views.items[reservation_id]
        choose_by = self.clock() + timedelta(minutes=30)
        self._put(item, state=PARTIAL, nodes=item.nodes[:-1], choose_by=choose_by, can_go_on=len(item.nodes) > 1)

    def offer_next(self, reservation_id: str) -> None:
        """The cloud has none of its machines left, and the owner is asked about the next offer."""
        offered = self.orders[reservation_id].fallbacks[0]
        choose_by = self.clock() + timedelta(minutes=30)
        self._put(self.views.items[reservation_id], offered=offered, choose_by=choose_by)

    async def extend(self, reservation_id: str, seconds: int, request_id: str, *, by: str = "") -> datetime:
        self._fail()
        item = self.views.items[reservation_id]
        if request_id not in self.extended:
            self.extended.add(request_id)
            item = self._put(item, expires_at=item.expires_at + timedelta(seconds=seconds))
        return item.expires_at

    async def hold(self, reservation_id: str, *, by: str = "") -> datetime:
        self._fail()
        item = self.views.items[reservation_id]
        return self._put(item, is_held=True, expires_at=item.created_at + timedelta(days=30)).expires_at

    async def protect(self, reservation_id: str, *, is_protected: bool, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state in (RELEASING, ENDED):
            raise WrongState(item.name, state=item.state, wanted="protect")
        self._put(item, is_protected=is_protected)

    async def share(self, reservation_id: str, share: Share, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state in (RELEASING, ENDED):
            raise WrongState(item.name, state=item.state, wanted="share")
        others = [known for known in item.shares if known.user_id != share.user_id]
        self._put(item, shares=(*others, share))

    async def unshare(self, reservation_id: str, user_id: str, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        self._put(item, shares=tuple(known for known in item.shares if known.user_id != user_id))

    async def open_to_team(self, reservation_id: str, *, is_open: bool, by: str = "") -> None:
        self._fail()
        self._put(self.views.items[reservation_id], is_for_team=is_open)

    async def offer_handover(self, reservation_id: str, to: str, *, by: str = "", left: str = "") -> None:
        self._fail()
        wish = Handover(to, by=by, left=left)
        self._as_workflow(reservation_id, lambda state, order: handover.offer(state, self.clock(), wish))

    async def hand_over(self, reservation_id: str, to: str, name: str, *, by: str = "", left: str = "") -> None:
        self._fail()
        wish = Handover(to, name, by, left)
        self._as_workflow(reservation_id, lambda state, order: handover.hand_over(state, order, self.clock(), wish))

    def _as_workflow(self, reservation_id: str, change: Callable[[ReservationState, ReservationOrder], object]) -> None:
        """As its workflow does it; what people are told then is sent."""
        order = self.orders[reservation_id]
        state = replace(ReservationState.of(order), view=self.views.items[reservation_id])
        change(state, order)
        self.views.items[reservation_id] = state.view
        self.told += state.outbox
        self.written += state.trail

    async def keys_changed(self, reservation_id: str) -> None:
        self._fail()

    async def choose(
        self, reservation_id: str, answer: str, *, by: str = "", request_id: str = "", offered_usd: float = 0.0
    ) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if offered_usd and (item.offered is None or item.offered.hourly_price_usd != offered_usd):
            raise WrongState(item.name, state=item.state, wanted="choose")
        options = CHOICES if item.state == PARTIAL else OFFER_CHOICES if item.offered else ()
        if answer not in options:
            raise WrongState(item.name, state=item.state, wanted="choose")
        if answer in (GIVE_BACK, DECLINE):
            self._put(item, state=RELEASING, reason="released", offered=None)
        elif item.offered:
            offer, told = item.offered, ("provider", "region", "size", "vcpus", "memory_gb", "hourly_price_usd")
            self._put(item, offered=None, choose_by=None, **{name: getattr(offer, name) for name in told})
        else:
            count = len(item.nodes) if answer == GO_ON else item.node_count
            self._put(item, state=PROVISIONING, node_count=count)

    async def keep(
        self, reservation_id: str, until: datetime, request_id: str, *, by: str = "", is_protected: bool = False
    ) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if request_id not in item.idling.requests:
            noted = replace(item.idling, requests=(*item.idling.requests, request_id))
            self._put(item, idling=kept(noted, until, is_protected=is_protected))

    async def set_idle(self, reservation_id: str, wish: IdleWish, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        self._put(item, idling=with_wish(item.idling, wish, self.clock()))

    async def credentials_renewed(self, reservation_id: str) -> None:
        """Nothing waits for them."""

    async def sweep(self) -> SweepReport:
        return SweepReport()

    async def adopt(self, order: ReservationOrder, nodes: tuple[Node, ...], *, by: str = "") -> None:
        self._fail()
        self.views.items[order.reservation_id] = replace(
            first_view(order), state=RUNNING, nodes=nodes, accrued_at=self.clock()
        )

    async def clear(self, orphan: Orphan, *, by: str = "") -> None:
        self._fail()
        self.cleared.append(orphan.id)

    async def release(self, reservation_id: str, *, by: str = "") -> None:
        self._fail()
        self._put(self.views.items[reservation_id], state=RELEASING, reason="released")

    async def stop(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        self._change(reservation_id, wanted="stop", before=RUNNING, after=STOPPED)

    async def start_nodes(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        item = self.views.items.get(reservation_id)
        if item is not None and item.state == ARCHIVED:
            self._fail()
            nodes = tuple(_node_of(image, item) for image in item.kept_images)
            self._put(item, state=RUNNING, nodes=nodes, images=())
            return
        self._change(reservation_id, wanted="start", before=STOPPED, after=RUNNING)

    async def archive(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state not in (RUNNING, STOPPED) or item.is_mixed:
            raise WrongState(item.name, state=item.state, wanted="archive")
        if item.archived_hourly_price_usd is None:
            raise CannotArchive(item.name, provider=item.provider)
        images = tuple(NodeImage(f"image-{node.key}", node.key, AVAILABLE, item.disk_gb) for node in item.nodes)
        self._put(item, state=ARCHIVED, nodes=(), images=images)

    def delete_images(self, reservation_id: str, keys: Sequence[str]) -> None:
        """Somebody deletes the images of these machines in the cloud's console, and it was noticed."""
        item = self.views.items[reservation_id]
        images = tuple(replace(image, state=GONE) if image.key in keys else image for image in item.images)
        self._put(item, images=images)

    async def reboot(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        self._change(reservation_id, wanted="reboot", before=RUNNING, after=RUNNING)

    async def scale(self, reservation_id: str, scale: Scale, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if request_id in self.scaled:
            return
        if item.state != RUNNING or len(item.nodes) != scale.before or not scale.count:
            raise WrongState(item.name, state=item.state, wanted="scale")
        self.scaled.append(request_id)
        share = item.hourly_price_usd / item.node_count
        stay = min(scale.count, scale.before)
        come = scale.count - stay
        self._put(
            item,
            node_count=scale.count,
            hourly_price_usd=share * stay + scale.hourly_price_usd * come,
            nodes=(*item.nodes[:stay], *(replace(item.nodes[0], key=f"new-{number}") for number in range(come))),
        )

    async def let_in(
        self, reservation_id: str, openings: tuple[Opening, ...], *, before: tuple[Opening, ...], by: str = ""
    ) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.openings not in (before, openings):
            raise WrongState(item.name, state="changed", wanted="open")
        self._put(item, openings=openings)

    async def get(self, reservation_id: str) -> Reservation:
        item = self.views.items.get(reservation_id)
        if item is None:
            raise NotFound(reservation_id)
        return item

    def end(self, reservation_id: str) -> None:
        """The teardown is done."""
        item = self.views.items[reservation_id]
        self._put(item, state=ENDED, ended_at=self.clock(), unused_usd=unused_usd(item, self.clock()))

    def _change(self, reservation_id: str, *, wanted: str, before: str, after: str) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state != before:
            raise WrongState(item.name, state=item.state, wanted=wanted)
        power = NODE_STOPPED if after == STOPPED else NODE_RUNNING
        self._put(item, state=after, nodes=tuple(replace(node, state=power) for node in item.nodes))

    def _put(self, item: Reservation, **changes: object) -> Reservation:
        changed = replace(item.counted(self.clock()), revision=item.revision + 1, **changes)  # type: ignore[arg-type]
        changed = changed.read_after(item)
        self.views.items[item.id] = changed
        return changed

    def _fail(self) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault


def _node_of(image: NodeImage, item: Reservation) -> Node:
    """A machine that begins with the image."""
    return Node(f"i-{image.key}-again", image.key, "node", NODE_RUNNING, item.provider, item.region, item.size)
