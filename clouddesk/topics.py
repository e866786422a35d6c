"""What the Desk is made of: the stores and ports that it is given, and a part for each topic."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from clouddesk.absences import Absences
from clouddesk.accounts import Accounts, ReplaceableCatalog
from clouddesk.approvals import Approvals
from clouddesk.budgets import Budgets
from clouddesk.costs import Costs
from clouddesk.freezing import Freezing
from clouddesk.handovers import Handovers
from clouddesk.idling import Idling
from clouddesk.language.localtime import utc_now
from clouddesk.leases import Leases
from clouddesk.leavers import Leavers
from clouddesk.limits import Limits, TeamDefaults
from clouddesk.model import ports, stores
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.budget import BudgetBook
from clouddesk.openings import Openings
from clouddesk.orphans import Orphanage
from clouddesk.peers import Peers
from clouddesk.power import Power
from clouddesk.protection import Protection
from clouddesk.purchases import Purchases
from clouddesk.quotations import Quotations
from clouddesk.records import Records
from clouddesk.reserving import Reserving
from clouddesk.scaling import Sizes
from clouddesk.sharing import Shares
from clouddesk.ssh_keys import SshKeys
from clouddesk.team_channels import TeamChannels
from clouddesk.team_view import TeamView
from clouddesk.templates import Templates
from clouddesk.timers import Timers
from clouddesk.utilisation import Utilisation


@dataclass(frozen=True)
class Topics:
    """Each topic authorises its own methods; all of them work on the same stores."""

    accounts: Accounts
    blueprints_by_name: dict[str, Blueprint]
    catalog: ReplaceableCatalog
    installation: str
    is_simulated: bool
    limits: Limits
    quotes: stores.Quotes
    engine: ports.Reservations
    views: stores.ReservationViews
    colleagues: ports.Colleagues
    notices: stores.Notices
    habits: stores.Habits
    ssh_keys: SshKeys
    software_secrets: stores.SoftwareSecrets
    trail: stores.AuditTrail
    ledger: stores.CostLedger
    orphan_store: stores.Orphans
    template_store: stores.Templates
    timer_port: ports.Timers
    bill_port: ports.Bills
    budget_store: stores.Budgets
    approval_store: stores.Approvals
    admins_of: ports.AdminsOf
    series: stores.UtilisationSeries
    absence_store: stores.AbsenceStore
    calendars: stores.Calendars
    team_channel_store: stores.TeamChannels
    team: TeamDefaults
    freezes: stores.Freezes
    budget_defaults: BudgetBook = field(default_factory=BudgetBook)
    clock: ports.Clock = utc_now

    @cached_property
    def _quotations(self) -> Quotations:
        return Quotations(
            accounts=self.accounts,
            blueprints=self.blueprints_by_name,
            catalog=self.catalog,
            clock=self.clock,
            engine=self.engine,
            habits=self.habits,
            is_simulated=self.is_simulated,
            limits=self.limits,
            quotes=self.quotes,
            team=self.team,
        )

    @cached_property
    def _records(self) -> Records:
        return Records(engine=self.engine, views=self.views, clock=self.clock)

    @cached_property
    def _reserving(self) -> Reserving:
        return Reserving(
            accounts=self.accounts,
            budgets=self.budgets,
            catalog=self.catalog,
            engine=self.engine,
            freezing=self.freezing,
            installation=self.installation,
            limits=self.limits,
            quotations=self._quotations,
            records=self._records,
            ssh_keys=self.ssh_keys,
            views=self.views,
            clock=self.clock,
        )

    @cached_property
    def power(self) -> Power:
        """Machines switched off and on."""
        return Power(engine=self.engine, records=self._records, budgets=self.budgets)

    @cached_property
    def shares(self) -> Shares:
        """Who else has a part in reservations."""
        return Shares(engine=self.engine, records=self._records, colleagues=self.colleagues, clock=self.clock)

    @cached_property
    def peers(self) -> Peers:
        """Machines of colleagues that one may ask for."""
        return Peers(self.engine, self._records, self.views, self.notices, self.catalog, self.clock)

    @cached_property
    def handovers(self) -> Handovers:
        """Machines that get another owner."""
        return Handovers(self.engine, self._records, self.shares, self.views, self.clock, self.budgets)

    @cached_property
    def leases(self) -> Leases:
        """How long reservations last."""
        return Leases(engine=self.engine, records=self._records, limits=self.limits, budgets=self.budgets)

    @cached_property
    def idling(self) -> Idling:
        """What happens to machines that nobody uses."""
        return Idling(self.engine, self._records, self.blueprints_by_name, self.limits, self.clock)

    @cached_property
    def costs(self) -> Costs:
        """What machines cost, by period."""
        return Costs(ledger=self.ledger, bills=self.bill_port, clock=self.clock)

    @cached_property
    def utilisation(self) -> Utilisation:
        """What machines do, by period."""
        return Utilisation(series=self.series, records=self._records, clock=self.clock)

    @cached_property
    def templates(self) -> Templates:
        """Requests that were saved under a name."""
        return Templates(self.template_store, self.habits, self._records, self.clock)

    @cached_property
    def timers(self) -> Timers:
        """What happens by itself at a time: machines by the clock, and reminders."""
        return Timers(self.timer_port, self._records, self.clock, self.calendars, self.views)

    @cached_property
    def team_channels(self) -> TeamChannels:
        """Where the team is told its week's costs."""
        return TeamChannels(self.team_channel_store)

    @cached_property
    def absences(self) -> Absences:
        """When people are away."""
        return Absences(self.absence_store, self.views, self.notices, self.timers, self.clock)

    @cached_property
    def scaling(self) -> Sizes:
        """How many machines reservations have."""
        known = (self.accounts, self.blueprints_by_name, self.catalog, self.limits, self.clock)
        return Sizes(self.engine, self._records, *known, self.freezing, budgets=self.budgets)

    @cached_property
    def budgets(self) -> Budgets:
        """What may be spent."""
        return Budgets(
            self.budget_store, self.approval_store, self.ledger, self.trail, self.budget_defaults, self.clock
        )

    @cached_property
    def approvals(self) -> Approvals:
        """What is over a budget, and those who allow it."""
        reserving = self._reserving
        ways = (self.leases, self.power, self.scaling, self.orphans, self.handovers)
        done = Purchases(reserving.reserve_approved, reserving.take_approved, *ways)
        return Approvals(
            store=self.approval_store,
            budgets=self.budgets,
            records=self._records,
            notices=self.notices,
            trail=self.trail,
            timers=self.timer_port,
            admins_of=self.admins_of,
            colleagues=self.colleagues,
            carry_out=done.carry_out,
            clock=self.clock,
        )

    @cached_property
    def team_view(self) -> TeamView:
        """For admins: all that runs."""
        return TeamView(self.views, self.series, self.power, self.notices, self.trail, self.admins_of, self.clock)

    @cached_property
    def protection(self) -> Protection:
        """What is not to be stopped with others, nor released."""
        return Protection(self.engine, self._records)

    @cached_property
    def leavers(self) -> Leavers:
        """What people leave behind who are not of the workspace any more."""
        stores = (self.views, self.notices, self.trail)
        return Leavers(self.engine, *stores, self.admins_of, self.clock, self.approvals)

    @cached_property
    def freezing(self) -> Freezing:
        """Times without new machines."""
        return Freezing(self.freezes, self.trail, self.clock)

    @cached_property
    def openings(self) -> Openings:
        """What machines that run let in from outside."""
        return Openings(self.engine, self._records, self.accounts, self.blueprints_by_name)

    @cached_property
    def orphans(self) -> Orphanage:
        """What no reservation looks after."""
        return Orphanage(
            accounts=self.accounts,
            store=self.orphan_store,
            engine=self.engine,
            records=self._records,
            views=self.views,
            catalog=self.catalog,
            trail=self.trail,
            limits=self.limits,
            installation=self.installation,
            is_simulated=self.is_simulated,
            clock=self.clock,
            budgets=self.budgets,
            quotations=self._quotations,
        )
