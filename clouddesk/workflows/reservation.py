"""The reservation's workflow: provision, keep the lease, tear down; and the messages that people's wishes come as."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    # Types of messages are resolved in modules that were imported here by their own name.
    import clouddesk.model.blueprint
    import clouddesk.model.fallback
    import clouddesk.model.idleness
    import clouddesk.model.idling
    import clouddesk.model.logins
    import clouddesk.model.meter
    import clouddesk.model.node
    import clouddesk.model.notice
    import clouddesk.model.order
    import clouddesk.model.scaling
    import clouddesk.model.share
    import clouddesk.workflows.state  # noqa: F401
    from clouddesk.model import audit
    from clouddesk.model.audit import AuditEntry
    from clouddesk.model.errors import LimitExceeded
    from clouddesk.model.reservation import REASON_RELEASED, Reservation
    from clouddesk.workflows import handover, openings, protection, sharing
    from clouddesk.workflows.archiving import Archiver, ImageCleaner
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import ReservationStart
    from clouddesk.workflows.failover import keep_clear
    from clouddesk.workflows.idling import IdleWatch
    from clouddesk.workflows.leasing import keep_lease
    from clouddesk.workflows.logins import LoginKeeper
    from clouddesk.workflows.openings import OpeningKeeper
    from clouddesk.workflows.power import REBOOTING_THEM, STARTING_THEM, STOPPING_THEM, Power, PowerSwitch
    from clouddesk.workflows.provisioning import Provisioner
    from clouddesk.workflows.publishing import Publisher
    from clouddesk.workflows.renewing import Renewal
    from clouddesk.workflows.scaling import Scaler
    from clouddesk.workflows.teardown import tear_down
    from clouddesk.workflows.watch import Watch
    from clouddesk.workflows.wishes import (
        Choice,
        Extension,
        Handover,
        IdleSetting,
        Keeping,
        Opened,
        OpeningToTeam,
        Protecting,
        Scaling,
        Sharing,
        Sighting,
        Unsharing,
        Wish,
    )


@workflow.defn
class ReservationWorkflow:
    """One reservation from the yes to the moment at which the cloud lists nothing of it any more."""

    @workflow.init
    def __init__(self, start: ReservationStart) -> None:
        self._context = ReservationContext(start)
        self._state = self._context.state
        self._publisher = Publisher(self._context)
        self._provisioner = Provisioner(self._context)
        self._switch = PowerSwitch(self._context)
        self._scaler = Scaler(self._context, self._switch)
        self._archiver = Archiver(self._context, self._switch)
        self._cleaner = ImageCleaner(self._context)
        self._watch = Watch(self._context, self._switch)
        self._idle = IdleWatch(self._context, self._switch, self._archiver)
        self._logins = LoginKeeper(self._context, lambda: self._are_machines_left_alone)
        self._openings = OpeningKeeper(self._context, lambda: self._are_machines_left_alone)
        self._renewal = Renewal(self._context, self._is_changing)

    @workflow.run
    async def run(self, start: ReservationStart) -> Reservation:
        lasting = (self._publisher.run(), self._watch.run(), keep_clear(self._context), self._logins.run())
        background = [asyncio.create_task(work) for work in (*lasting, self._cleaner.run(), self._openings.run())]
        if self._state.is_unseen:
            background.append(asyncio.create_task(self._watch.see_first()))
        try:
            if not self._state.has_begun:
                await self._provisioner.run()
            await keep_lease(self._context, self._idle, self._renewal)
        except asyncio.CancelledError:
            # An operator cancelled the workflow: machines are given back as for a release, never left behind.
            self._context.end(REASON_RELEASED)
        # In a task of its own, which no cancellation of the workflow reaches: a teardown that has begun is finished.
        teardown = asyncio.create_task(self._tear_down())
        while not teardown.done():
            with suppress(asyncio.CancelledError):
                await workflow.wait([teardown])
        teardown.result()
        await workflow.wait_condition(lambda: not self._state.has_news)
        await workflow.wait_condition(workflow.all_handlers_finished)
        for task in background:
            task.cancel()
        return self._state.view

    # --- questions -----------------------------------------------------------------------------------------------

    @workflow.query
    def view(self) -> Reservation:
        """The truth, now."""
        return self._state.view

    @workflow.query
    def trail(self) -> list[AuditEntry]:
        """What was done, the latest entries, oldest first."""
        return list(self._state.trail)

    # --- wishes --------------------------------------------------------------------------------------------------

    @workflow.update
    async def extend(self, extension: Extension) -> datetime:
        """Lengthen the lease; returns the new end."""
        now = workflow.now()
        if extension.request_id not in self._state.extensions:
            self._state.record(audit.EXTENDED, now, by=extension.by, seconds=str(extension.seconds))
        end = self._state.extend(now, extension.seconds, extension.request_id)
        await self._publisher.shown()
        return end

    @extend.validator
    def _may_extend(self, extension: Extension) -> None:
        if extension.request_id not in self._state.extensions and self._context.is_ending:
            self._context.refuse("extend")
        try:
            self._state.check_extension(extension.seconds, extension.request_id)
        except LimitExceeded as error:
            raise ApplicationError(str(error), error.what, error.asked, error.limit, type=error.code) from None

    @workflow.update
    async def hold(self, wish: Wish) -> datetime:
        """Keep it as long as is allowed; returns the new end."""
        now = workflow.now()
        if not self._state.view.is_held:
            self._state.record(audit.HELD, now, by=wish.by)
        end = self._state.hold(now)
        await self._publisher.shown()
        return end

    @hold.validator
    def _may_hold(self, wish: Wish) -> None:
        if self._context.is_ending:
            self._context.refuse("hold")

    @workflow.update
    async def share(self, wish: Sharing) -> None:
        """Give a colleague a part in it, in place of the one that they had."""
        sharing.share(self._state, workflow.now(), wish)
        await self._publisher.shown()

    @share.validator
    def _may_share(self, wish: Sharing) -> None:
        if self._context.is_ending and wish.request_id not in self._state.share_requests:
            self._context.refuse("share")

    @workflow.update
    async def protect(self, wish: Protecting) -> None:
        """Protect it, or take that off."""
        protection.protect(self._state, workflow.now(), wish)
        await self._publisher.shown()

    @protect.validator
    def _may_protect(self, wish: Protecting) -> None:
        if self._context.is_ending:
            self._context.refuse("protect")

    @workflow.update
    async def unshare(self, wish: Unsharing) -> None:
        """Take a colleague's part away."""
        sharing.unshare(self._state, workflow.now(), wish)
        await self._publisher.shown()

    @workflow.update
    async def keep(self, keeping: Keeping) -> datetime | None:
        """It is needed until then, whether it looks so or not; until when it is kept."""
        until = self._idle.keep(keeping)
        await self._publisher.shown()
        return until

    @keep.validator
    def _may_keep(self, keeping: Keeping) -> None:
        if self._context.is_ending:
            self._context.refuse("keep")

    @workflow.update
    async def set_idle(self, setting: IdleSetting) -> None:
        """When nobody uses it, something other than usual happens."""
        self._idle.set(setting)
        await self._publisher.shown()

    @set_idle.validator
    def _may_set_idle(self, setting: IdleSetting) -> None:
        if self._context.is_ending:
            self._context.refuse("keep")

    @workflow.update
    async def open_to_team(self, wish: OpeningToTeam) -> None:
        """Let the workspace know of it, or not any more."""
        sharing.open_to_team(self._state, workflow.now(), wish)
        await self._publisher.shown()

    @open_to_team.validator
    def _may_open_to_team(self, wish: OpeningToTeam) -> None:
        if self._context.is_ending:
            self._context.refuse("share")

    @workflow.update
    async def offer_handover(self, wish: Handover) -> None:
        """Ask somebody to take it over, take that back, or take note that they do not want to."""
        is_same = wish.to == self._state.view.offered_to
        # To ask the same person once more used to be nothing new.
        if not is_same or (wish.to and workflow.patched("offer-renewed")):
            handover.offer(self._state, workflow.now(), wish)
        await self._publisher.shown()

    @workflow.update
    async def hand_over(self, wish: Handover) -> None:
        """It is theirs from now on."""
        if wish.to != self._state.view.owner:
            self._context.order = handover.hand_over(self._state, self._context.order, workflow.now(), wish)
        await self._publisher.shown()

    @offer_handover.validator
    def _may_offer_handover(self, wish: Handover) -> None:
        if self._context.is_ending:
            self._context.refuse("hand over")

    @hand_over.validator
    def _may_hand_over(self, wish: Handover) -> None:
        is_theirs = handover.may_hand_over(self._state.view, workflow.now(), wish)
        if self._context.is_ending or not is_theirs or not self._are_machines_left_alone:
            self._context.refuse("hand over")

    @workflow.update
    async def choose(self, choice: Choice) -> None:
        """Answer what happens with machines that came up only in part, or that would be dearer."""
        self._provisioner.question.answer(choice.answer, choice.by)
        await self._publisher.shown()

    @choose.validator
    def _may_choose(self, choice: Choice) -> None:
        offered = self._context.state.view.offered
        is_other = offered is not None and choice.offered_usd not in (0.0, offered.hourly_price_usd)
        if is_other or not self._provisioner.question.may_answer(choice.answer):
            self._context.refuse("choose")

    @workflow.update
    async def release(self, wish: Wish) -> None:
        """Begin the teardown, whatever else is under way."""
        self._context.end(REASON_RELEASED, by=wish.by)
        await self._publisher.shown()

    @release.validator
    def _may_release(self, wish: Wish) -> None:
        self._context.require_unprotected()

    @workflow.update
    async def stop(self, wish: Wish) -> None:
        """Begin to power off, disks kept."""
        await self._begin(STOPPING_THEM, wish)

    @workflow.update
    async def start(self, wish: Wish) -> None:
        """Begin to power on, or to make the machines again of what is archived."""
        if self._archiver.is_archived:
            self._archiver.begin_start(wish.by)
            await self._publisher.shown()
        else:
            await self._begin(STARTING_THEM, wish)

    @workflow.update
    async def archive(self, wish: Wish) -> None:
        """Begin to keep images of the disks and to give the machines back."""
        self._archiver.begin(wish.by)
        await self._publisher.shown()

    @archive.validator
    def _may_archive(self, wish: Wish) -> None:
        self._archiver.check()

    @workflow.update
    async def reboot(self, wish: Wish) -> None:
        """Begin to restart the operating systems."""
        await self._begin(REBOOTING_THEM, wish)

    @workflow.update
    async def let_in(self, wish: Opened) -> None:
        """Change what is let in from outside; returns when the cloud has done it."""
        await openings.let_in(self._context, wish)
        await self._publisher.shown()

    @let_in.validator
    def _may_let_in(self, wish: Opened) -> None:
        openings.check(self._context, wish)

    @workflow.update
    async def scale(self, wish: Scaling) -> None:
        """Begin to grow or shrink."""
        self._scaler.begin(wish)
        await self._publisher.shown()

    @scale.validator
    def _may_scale(self, wish: Scaling) -> None:
        self._scaler.check(wish)

    @stop.validator
    def _may_stop(self, wish: Wish) -> None:
        self._switch.check(STOPPING_THEM)

    @start.validator
    def _may_start(self, wish: Wish) -> None:
        if self._context.is_ending or not self._archiver.is_archived:
            self._switch.check(STARTING_THEM)
        else:
            self._archiver.check_start()

    @reboot.validator
    def _may_reboot(self, wish: Wish) -> None:
        self._switch.check(REBOOTING_THEM)

    # --- signals: kept by Temporal until a worker comes ----------------------------------------------------------

    @workflow.signal
    def release_soon(self, wish: Wish) -> None:
        """As ``release``, for when no worker is there to answer."""
        if not self._state.view.is_protected:
            self._context.end(REASON_RELEASED, by=wish.by)

    @workflow.signal
    def look(self) -> None:
        """The cloud does not list what it should: look, and take over what is true."""
        self._context.is_look_wanted = True

    @workflow.signal
    def seen(self, sighting: Sighting) -> None:
        """How it is used, when something is due because of that."""
        self._idle.see(sighting)

    @workflow.signal
    def keys_changed(self) -> None:
        """A colleague who has a part in it added or removed an SSH key."""
        self._logins.keys_changed()

    @workflow.signal
    def clear_behind(self) -> None:
        """Something of it turned up in a place that it was moved away from."""
        self._context.is_clearing_wanted = True

    @workflow.signal
    def credentials_renewed(self) -> None:
        """The owner gave new credentials for the account."""
        self._context.has_new_credentials = True
        self._context.credentials_work()
        self._context.is_look_wanted = True

    @workflow.signal
    def credentials_refused(self, code: str) -> None:
        """The cloud does not take the credentials any more."""
        if not self._context.is_ending:
            self._context.tell_of_refused_credentials(code)

    # --- the life of a reservation -------------------------------------------------------------------------------

    async def _tear_down(self) -> None:
        await self._switch.abandon()
        await self._scaler.abandon()
        await self._archiver.abandon()
        await self._cleaner.abandon()
        await self._logins.abandon()
        await tear_down(self._context, begin_anew=self._renewal.begin_teardown_if_long)

    # --- inside --------------------------------------------------------------------------------------------------

    def _is_changing(self) -> bool:
        is_idle = self._are_machines_left_alone and self._logins.is_idle and self._cleaner.is_idle
        return self._watch.is_looking or self._context.is_letting_in or not is_idle

    @property
    def _are_machines_left_alone(self) -> bool:
        return self._switch.is_idle and self._scaler.is_idle and self._archiver.is_idle

    async def _begin(self, power: Power, wish: Wish) -> None:
        self._switch.begin(power, wish.by)
        await self._publisher.shown()
