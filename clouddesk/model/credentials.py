"""Credentials: the secret itself hides from every repr; everywhere else travels a ref."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clouddesk.model.actor import Person


class Secret:
    """A string that does not show itself: repr, str and formatting give asterisks; ``reveal`` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(****)"

    def __str__(self) -> str:
        return "****"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is never pickled")


SecretFields = dict[str, Secret]
"""What a provider's credential form holds, by field name ("access_key_id", "secret_access_key", "token")."""


@dataclass(frozen=True)
class CredentialInfo:
    """What may be shown of stored credentials."""

    provider: str
    account: str
    added_at: datetime
    checked_at: datetime
    is_simulated: bool = False
    account_id: str = ""
    """The cloud's own id of the account: machines made there can be ended only there."""


def credential_ref(person: Person, provider: str) -> str:
    """The Vault path below the mount: ``people/<workspace>/<user>/<provider>``."""
    return f"people/{person.workspace_id}/{person.user_id}/{provider}"
