"""What clouds have in common that are asked with a token, by plain JSON, for machines that are made with their tags."""

from __future__ import annotations

from threading import local
from typing import Any, ClassVar, Generic, TypeVar

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.node import Node, NodeOrder, NodePlan
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import Endpoint, in_parallel
from clouddesk.providers.transport import Pause, PoliteConnection, TokenDriver

NOT_FOUND, REFUSED = 404, 400
_USED = r"attached|assigned|in use"
_ALREADY = r"already (booted|running|powered|offline|shut)|not (running|booted)"


class PlainConnection(PoliteConnection):
    """Goes before a libcloud connection class, through the shared pool."""

    def add_default_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """libcloud's would ask for pages wherever it asks."""
        return params


class PlainDriver(TokenDriver):
    """Goes before a libcloud driver class: what we ask is plain JSON, of which libcloud's own nodes leave out much."""

    version: ClassVar[str]
    """What all addresses begin with."""
    counted_region = ""  # these clouds count all requests, in whatever region

    def read(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.connection.request(f"{self.version}{path}").object
        return answer

    def act(self, path: str, action: str) -> None:
        """Begin an action; that the machine is in that state already is as good."""
        try:
            self.connection.request(f"{self.version}{path}/{action}", method="POST")
        except BaseHTTPError as error:
            if not is_about(error, REFUSED, _ALREADY):
                raise

    def delete(self, path: str) -> None:
        """That it is gone already is as good. What something still uses stays: the next list tells."""
        try:
            self.connection.request(f"{self.version}{path}", method="DELETE")
        except BaseHTTPError as error:
            if error.code != NOT_FOUND and not is_about(error, REFUSED, _USED):
                raise


D = TypeVar("D", bound=TokenDriver)
P = TypeVar("P", bound=PlainDriver)


class OpenedByToken(Generic[D]):
    """A cloud with its driver, one for each thread."""

    driver_class: type[D]

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str, pause: Pause) -> None:
        self._token = fields["token"]
        self._endpoint = Endpoint.parse(endpoint) if endpoint else None
        self._installation = installation
        self._pause = pause
        self._own = local()  # libcloud's drivers are not safe to share between threads

    def _driver(self) -> D:
        drivers: dict[str, D] = self._own.__dict__
        if "driver" not in drivers:
            drivers["driver"] = self.driver_class.open(self._token, self._endpoint, self._pause)
        return drivers["driver"]


class TokenCloud(OpenedByToken[P]):
    """The part of ``clouddesk.providers.cloud.Cloud`` that is the same."""

    name: ClassVar[str]
    machines: ClassVar[str]
    """The address of their list."""
    stopping: ClassVar[str]
    starting: ClassVar[str]
    """Actions of a machine."""

    def check_room(self, order: NodeOrder, count: int) -> None:
        """These clouds tell no limits; making a machine says no."""

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Nothing to do: a machine is made with its key."""

    def end(self, region: str, ids: list[str]) -> None:
        in_parallel(self.name, lambda id_: self._driver().delete(f"{self.machines}/{id_}"), ids)

    def stop(self, region: str, ids: list[str]) -> None:
        self._act(ids, self.stopping)

    def start(self, region: str, ids: list[str]) -> None:
        self._act(ids, self.starting)

    def reboot(self, region: str, ids: list[str]) -> None:
        self._act(ids, "reboot")

    def regions(self) -> list[str]:
        """One list covers them all."""
        return [""]

    def _act(self, ids: list[str], action: str) -> None:
        in_parallel(self.name, lambda id_: self._driver().act(f"{self.machines}/{id_}", action), ids)
