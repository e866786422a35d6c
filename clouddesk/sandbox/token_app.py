"""The simulated clouds whose requests carry a token, and whose state is all documents."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from werkzeug.wrappers import Request

from clouddesk.sandbox import faults
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.keys import Key, Keys
from clouddesk.sandbox.rest import ApiError, Ask, Documents, RestApp, retry_after
from clouddesk.sandbox.server import Options


class TokenApp(RestApp[Documents]):
    """The WSGI application."""

    operator_key: ClassVar[Key]
    refusals: ClassVar[Mapping[str, Callable[[], ApiError]]]
    """How it tells of each kind of fault (unauthorized, quota, no_capacity, rate_limit, server_error)."""

    def __init__(self, start: Options) -> None:
        known = Keys(
            start.data / "credentials.json",
            identify="token",
            operator=self.operator_key,
            make=lambda: {"token": self.new_token()},
        )
        super().__init__(start, Documents(start.data / f"{self.cloud}.sqlite"), known)

    @abstractmethod
    def new_token(self) -> str:
        """One in the cloud's shape."""

    def identify(self, request: Request) -> str:
        found = self.keys.find(request.headers.get("Authorization", "").removeprefix("Bearer ").strip())
        if found is None:
            raise self.refusals[faults.UNAUTHORIZED]()
        return found[0]

    def fault_error(self, fault: Fault, ask: Ask[Documents]) -> ApiError:
        error = self.refusals[fault.kind]()
        if fault.kind == faults.RATE_LIMIT:
            error.headers["Retry-After"] = retry_after(fault)
        return error
