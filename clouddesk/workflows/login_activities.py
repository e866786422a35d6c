"""Logins of colleagues on machines, and the secrets that are changed when one of them leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio import activity

from clouddesk.model.actor import Person
from clouddesk.model.logins import LoginOrder
from clouddesk.model.ports import Logins
from clouddesk.model.stores import MachineSecrets, SshKeyStore
from clouddesk.workflows.configure_activities import target_of
from clouddesk.workflows.contracts import PUT_LOGINS, RENEW_SECRETS, LoginsPut, LoginWork, Renewal
from clouddesk.workflows.working import beating, failing


class LoginActivities:
    """What they need of the world is handed in."""

    def __init__(self, *, logins: Logins, ssh_keys: SshKeyStore, machine_secrets: MachineSecrets) -> None:
        self._logins = logins
        self._ssh_keys = ssh_keys
        self._machine_secrets = machine_secrets

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [self.put_logins, self.renew_secrets]

    @activity.defn(name=PUT_LOGINS)
    async def put_logins(self, work: LoginWork) -> LoginsPut:
        """Machines that cannot be reached are an outcome, not an error. Safe to repeat."""
        async with beating(), failing(work.reservation_id, is_final=False):
            people = {user_id: Person(work.workspace_id, user_id) for user_id in work.user_ids}
            keys = {user_id: await self._ssh_keys.read(person) for user_id, person in people.items()}
            bot = await self._machine_secrets.bot_key(work.reservation_id)
            # CloudDesk must never lock itself out.
            barred = [line.split()[1] for line in work.barred if line.split()[1] != bot.public_key.split()[1]]
            order = LoginOrder(
                targets=tuple(target_of(node, work.host_keys.get(node.key, ())) for node in work.nodes),
                keys={user_id: [key.line for key in found] for user_id, found in keys.items() if found},
                barred=tuple(barred),
            )
            behind = await self._logins.put(order, bot.private_key)
            return LoginsPut(behind, tuple(user_id for user_id, found in keys.items() if not found))

    @activity.defn(name=RENEW_SECRETS)
    async def renew_secrets(self, work: Renewal) -> None:
        """What is made twice is none the less new."""
        async with failing(work.reservation_id, is_final=False):
            await self._machine_secrets.renew_software_secrets(work.reservation_id, work.secrets)
