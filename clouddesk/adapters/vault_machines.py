"""What only the machines of a reservation know, in Vault (KV v2): ``reservations/<id>/bot`` and ``…/software``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import hvac.exceptions
import tenacity
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from clouddesk.adapters.blueprints import make_secrets
from clouddesk.adapters.vault import checked_path
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.model.configuration import BotKey

BOT = "bot"
SOFTWARE = "software"
_ATTEMPTS = 10


class _ChangedMeanwhile(Exception):
    """Somebody else wrote since it was read."""


class VaultMachineSecrets:
    """Implements ``MachineSecrets`` and ``SoftwareSecrets``: made by whoever comes first, the same from then on."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    async def bot_key(self, reservation_id: str) -> BotKey:
        """The key pair with which CloudDesk itself logs in. Raises Unavailable."""
        kept = await self._complete(_path(reservation_id, BOT), lambda kept: {} if kept else _new_key(reservation_id))
        return BotKey(private_key=kept["private_key"], public_key=kept["public_key"])

    async def known_bot_key(self, reservation_id: str) -> BotKey | None:
        """The one that was made; None when there is none. Raises Unavailable."""
        path = _path(reservation_id, BOT)
        kept, _ = await self._session.call(lambda: self._read(path))
        return BotKey(private_key=kept["private_key"], public_key=kept["public_key"]) if kept else None

    async def software_secrets(self, reservation_id: str, wanted: Mapping[str, int]) -> Mapping[str, str]:
        """The software's secrets; ``wanted``: how many characters each has, by name. Raises Unavailable."""

        def missing(kept: Mapping[str, str]) -> dict[str, str]:
            return make_secrets({name: length for name, length in wanted.items() if name not in kept})

        kept = await self._complete(_path(reservation_id, SOFTWARE), missing)
        return {name: kept[name] for name in wanted}

    async def renew_software_secrets(self, reservation_id: str, wanted: Mapping[str, int]) -> None:
        """Make these anew; the others stay. Raises Unavailable."""
        made = make_secrets(wanted)
        path = _path(reservation_id, SOFTWARE)
        await self._complete(path, lambda _: made)

    async def known_software_secrets(self, reservation_id: str) -> Mapping[str, str]:
        """Those that were made; {} when there are none. Raises Unavailable."""
        path = _path(reservation_id, SOFTWARE)
        return (await self._session.call(lambda: self._read(path)))[0]

    async def forget(self, reservation_id: str) -> None:
        """Delete all of it with all versions; what is gone already is no error. Raises Unavailable."""
        paths = [_path(reservation_id, name) for name in (BOT, SOFTWARE)]

        def delete() -> None:
            for path in paths:
                self._session.kv.delete_metadata_and_all_versions(path=path, mount_point=self._session.mount)

        await self._session.call(delete)

    async def _complete(self, path: str, missing: Callable[[Mapping[str, str]], Mapping[str, str]]) -> dict[str, str]:
        """What is there, with what is missing of it added; never over what somebody else wrote meanwhile."""

        @tenacity.retry(
            retry=tenacity.retry_if_exception_type(_ChangedMeanwhile),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_random(0, 0.1),
            reraise=True,
        )
        def complete() -> dict[str, str]:
            kept, version = self._read(path)
            added = missing(kept)
            if not added:
                return kept
            together = {**kept, **added}
            try:
                self._session.kv.create_or_update_secret(
                    path=path, mount_point=self._session.mount, secret=together, cas=version
                )
            except hvac.exceptions.InvalidRequest as error:
                if "check-and-set" not in str(error):
                    raise
                raise _ChangedMeanwhile from error
            return together

        return await self._session.call(complete)

    def _read(self, path: str) -> tuple[dict[str, str], int]:
        """With the version that it is."""
        try:
            data = self._session.kv.read_secret_version(
                path=path, mount_point=self._session.mount, raise_on_deleted_version=True
            )["data"]
        except hvac.exceptions.InvalidPath:
            return {}, 0
        return dict(data["data"]), int(data["metadata"]["version"])


def _path(reservation_id: str, name: str) -> str:
    return checked_path(f"reservations/{reservation_id}/{name}", parts=3)


def _new_key(reservation_id: str) -> dict[str, str]:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
        # With a comment, so that people see on the machine whose key it is.
        "public_key": f"{public} clouddesk-{reservation_id}",
    }
