"""The shared base of the simulated clouds that speak REST.

A cloud brings its operations (name, method, address, function), who asks, the shape of its errors and of its lists::

    Ask = rest.Ask[Documents]

    def get_instance(ask: Ask) -> Answer:
        found = ask.store.get("instances", ask.path["id"])
        if found is None:
            raise not_found()                                  # a rest.ApiError with the cloud's own body
        return Done({"instance": shown(found)})

    def create_instance(ask: Ask) -> Answer:
        with ask.store.atomic():
            life = Timed.born(ask.fate, pending="pending", running="active", broken="error",
                              boot_seconds=ask.boot_seconds)
            ask.store.put("instances", id_, {"id": id_, ..., "life": life.as_dict()})
        return Done({"instance": ...}, 201)

    class CloudApp(rest.RestApp[Documents]):               # ``token_app.TokenApp`` where requests carry a token
        cloud = "cloud"
        operations = (
            Operation("instances.get", "GET", "/v2/instances/<id>", get_instance),
            Operation("instances.create", "POST", "/v2/instances", create_instance, faults.CREATE),
            Operation("oauth.token", "POST", "/token", give_token, is_open=True),     # asks for no credentials
        )

        def __init__(self, start: Options) -> None:
            super().__init__(start, Documents(start.data / "cloud.sqlite"), keys.Keys(...))

        def identify(self, request: Request) -> str: ...       # the owner; raises ApiError
        def fault_error(self, fault: Fault, ask: Ask) -> ApiError: ...
        def not_found(self, request: Request) -> ApiError: ...
        def bad_json(self) -> ApiError: ...
        def page(self, answer: Listed, ask: Ask) -> Item: ...
        def machines(self) -> list[Item]: ...                  # for /_sandbox/machines, those in no list as well

Faults, cut connections, the control address and the log are done here. Faults are matched with an operation's name
and its common name (``faults.CREATE``, "destroy", "list", "stop", "start", "reboot", "account"); ``names`` and
``region`` can say more. A list of machines leaves out those that are not ``Timed.is_listed``.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import structlog
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import control, faults
from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.faults import Fate, Fault
from clouddesk.sandbox.keys import Keys
from clouddesk.sandbox.server import Cut, Options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Answer", "ApiError", "Ask", "Documents", "Done", "Item", "Listed", "Operation", "RestApp", "retry_after"]

Item = dict[str, Any]
"""An object of an API, as it is shown."""
S = TypeVar("S")

_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
_LONGEST_SHORT_SECONDS = 1.0

logger = structlog.get_logger()


@dataclass(frozen=True)
class Ask(Generic[S]):
    """One request, and what it may use."""

    store: S
    owner: str
    boot_seconds: float
    fate: Fate
    """What becomes of the machines that it makes."""
    query: Mapping[str, str]
    body: Mapping[str, Any]
    path: Mapping[str, Any]
    """The variable parts of the address."""
    request: Request

    @property
    def short_seconds(self) -> float:
        """Stopping and deleting take at most a second; starting takes as long as a boot."""
        return min(_LONGEST_SHORT_SECONDS, self.boot_seconds)


@dataclass(frozen=True)
class Done:
    """An answer that is one object, or empty."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listed:
    """An answer that is a list, to be cut into pages."""

    key: str
    items: list[Any]
    show: Callable[[Any], Item] = dict


Answer = Done | Listed


class ApiError(Exception):
    """What a cloud says when it says no."""

    def __init__(self, status: int, content: Any, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(content))
        self.status = status
        self.content = content
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Operation(Generic[S]):
    """One thing that can be asked."""

    name: str
    """In the cloud's words ("instances.create"): faults are matched with it."""
    method: str
    address: str
    """As werkzeug's rules write it."""
    function: Callable[[Ask[S]], Answer]
    common: str = ""
    """What it is called on all simulated clouds."""
    is_open: bool = False
    """It asks for no credentials."""


class RestApp(ABC, Generic[S]):
    """The WSGI application."""

    cloud: ClassVar[str]
    operations: ClassVar[tuple[Operation[Any], ...]]

    def __init__(self, start: Options, store: S, keys: Keys) -> None:
        self.store = store
        self.keys = keys
        self._boot_seconds = start.boot_seconds
        self._faults = faults.Faults()
        self._control = control.Control(cloud=self.cloud, keys=keys, faults=self._faults, machines=self.machines)
        self._operations = {operation.name: operation for operation in self.operations}
        self._addresses = Map(
            [Rule(item.address, endpoint=item.name, methods=[item.method]) for item in self.operations],
            strict_slashes=False,
        )

    # --- what a cloud brings

    @abstractmethod
    def identify(self, request: Request) -> str:
        """Whose credentials these are. Raises ApiError."""

    @abstractmethod
    def fault_error(self, fault: Fault, ask: Ask[S]) -> ApiError:
        """How this cloud tells of unauthorized, quota, no_capacity, rate_limit and server_error."""

    @abstractmethod
    def not_found(self, request: Request) -> ApiError:
        """There is no such address."""

    @abstractmethod
    def bad_json(self) -> ApiError:
        """The body is no JSON."""

    @abstractmethod
    def page(self, answer: Listed, ask: Ask[S]) -> Item:
        """The part of a list that was asked for. Raises ApiError."""

    @abstractmethod
    def machines(self) -> list[Item]:
        """Every machine that exists, for ``/_sandbox/machines``, with the keys that DigitalOcean's have."""

    # --- what it may say more

    def names(self, operation: Operation[S], ask: Ask[S]) -> tuple[str, ...]:
        """All names by which a fault may mean this request."""
        return (operation.name, operation.common) if operation.common else (operation.name,)

    def region(self, ask: Ask[S]) -> str:
        """Where the request does something; "" when it does not say."""
        return str(ask.body.get("region", ""))

    def finish(self, response: Response, request: Request) -> None:
        """Add headers that every answer has."""

    # --- how a request is answered

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(control.PREFIX):
            return self._control.answer(request)(environ, start_response)
        try:
            response = self._operate(request)
        except ApiError as error:
            logger.info(
                "sandbox.refused", status=error.status, error=str(error), method=request.method, path=request.path
            )
            response = control.reply(error.content, error.status)
            response.headers.update(error.headers)
        self.finish(response, request)
        return response(environ, start_response)

    def _operate(self, request: Request) -> Response:
        operation, ask = self._read(request)
        names = ("",) if operation is None else self.names(operation, ask)
        fault = self._faults.take(names, self.region(ask))
        if fault is not None:
            logger.info("sandbox.fault", kind=fault.kind, operation=names[0])
            if fault.kind == faults.DOWN:
                raise Cut
            if fault.kind == faults.SLOW:
                time.sleep(fault.seconds)
            elif fault.kind not in (faults.DROP_AFTER_ACCEPT, faults.UNTAGGED_BILL):
                raise self.fault_error(fault, ask)
        owner = "" if operation is not None and operation.is_open else self.identify(request)
        if operation is None:
            # Which only who has credentials is told.
            raise self.not_found(request)
        fate = self._faults.fate(names, self.region(ask))
        answer = operation.function(replace(ask, owner=owner, fate=fate))
        if request.method != "GET":
            logger.info("sandbox.request", operation=operation.name, owner=owner)
        if fault is not None and fault.kind == faults.DROP_AFTER_ACCEPT:
            raise Cut
        if isinstance(answer, Listed):
            return control.reply(self.page(answer, ask))
        response = (
            Response(status=answer.status) if answer.content is None else control.reply(answer.content, answer.status)
        )
        response.headers.update(answer.headers)
        return response

    def _read(self, request: Request) -> tuple[Operation[S] | None, Ask[S]]:
        """No operation: there is no such address."""
        try:
            name, path = self._addresses.bind_to_environ(request.environ).match()
            operation = self._operations[str(name)]
        except HTTPException:
            operation, path = None, {}
        return operation, Ask(
            store=self.store,
            owner="",
            boot_seconds=self._boot_seconds,
            fate=Fate(),
            query=request.args,
            body=self._body(request),
            path=path,
            request=request,
        )

    def _body(self, request: Request) -> Mapping[str, Any]:
        if request.method not in _WITH_BODY or not request.content_length:
            return {}
        if request.mimetype == "application/x-www-form-urlencoded":
            return request.form.to_dict()
        try:
            read = json.loads(request.get_data())
        except ValueError:
            raise self.bad_json() from None
        return read if isinstance(read, dict) else {}


def retry_after(fault: Fault) -> str:
    """The header's value when a cloud that is asked too often says how long to wait: what was wished, else a second."""
    return f"{1.0 if fault.retry_after_seconds is None else fault.retry_after_seconds:g}"
