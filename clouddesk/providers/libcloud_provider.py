"""``LibcloudProvider``: the provider port over Apache Libcloud, the same for every cloud."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from threading import Lock
from typing import TypeVar

import structlog

from clouddesk.model.bill import Bill
from clouddesk.model.credentials import SecretFields
from clouddesk.model.errors import CredentialsRejected, Invalid, ProviderDown, ProviderError
from clouddesk.model.invalid import CannotArchive, CannotOpen
from clouddesk.model.node import (
    GONE,
    PENDING,
    RUNNING,
    STOPPED,
    STOPPING,
    Account,
    Node,
    NodeImage,
    NodeOrder,
    NodePlan,
    Survey,
    Teardown,
)
from clouddesk.model.offer import Offer
from clouddesk.providers.cloud import Billed, Cloud, Image, KeepsImages, Metered, OpensLater, in_parallel
from clouddesk.providers.faults import retrying, translated
from clouddesk.providers.settling import settle, settle_images
from clouddesk.providers.spec import ProviderSpec
from clouddesk.providers.table import PROVIDERS
from clouddesk.providers.transport import RateLimit, pausing, unlimited

T = TypeVar("T")

log = structlog.get_logger()

IMAGE_SECONDS = 600
LISTED_WITHIN_SECONDS = 2.0
"""Clouds accept an order first and list the machine a moment later: who asked and got no answer must wait so long."""
_ROUNDS = 3  # machines that end while they are made are made again this often


def open_provider(
    name: str,
    fields: SecretFields,
    *,
    endpoint: str | None,
    installation: str,
    account: str = "",
    limit: RateLimit | None = None,
) -> LibcloudProvider:
    """One account of a cloud. ``endpoint``: address of a simulated cloud, None for the real one.

    ``limit``: whoever counts the requests of all processes, None for as many as are wished; they are counted for
    the key's public part, or for ``account``, the credential ref, where a key has none.
    No call is made. Raises Invalid when the provider is unknown or a credential field is missing.
    """
    spec = PROVIDERS.get(name)
    if spec is None:
        raise Invalid(f"{name} is not connected yet. There are: {', '.join(PROVIDERS)}.")
    missing = [field.label for field in spec.credential_fields if not _is_filled(fields, field.name)]
    if missing:
        raise Invalid(f"{spec.title} needs: {', '.join(missing)}.")
    if not installation:
        raise Invalid("This installation has no id, without which its machines cannot be told from others'.")
    module, _, class_name = spec.cloud.partition(":")
    counted = [fields[field.name].reveal().strip() for field in spec.credential_fields if not field.is_secret]
    cloud: Cloud = getattr(import_module(module), class_name)(
        {key: secret.reveal().strip() for key, secret in fields.items()},
        endpoint=endpoint,
        installation=installation,
        pause=pausing(spec, "\n".join(counted) or account, limit) if limit else unlimited,
    )
    return LibcloudProvider(spec, cloud, installation=installation, place=endpoint or "")


class LibcloudProvider:
    """Implements ``clouddesk.model.ports.Provider``. One object per job, not shared between threads."""

    def __init__(self, spec: ProviderSpec, cloud: Cloud, *, installation: str, place: str = "") -> None:
        self.name = spec.name
        self._spec = spec
        self._cloud = cloud
        self._installation = installation
        self._place = place

    def check_credentials(self) -> Account:
        """Ask the cloud who we are. Raises CredentialsRejected or ProviderDown."""
        return self._call(self._cloud.account)

    def list_offers(self) -> list[Offer]:
        """Every size in every region with its price; empty for a cloud whose prices come with the catalogue."""
        return self._call(self._cloud.offers)

    def find_image(self, region: str, os: str, architecture: str) -> Image:
        """The newest official image of an operating system; remembered for some minutes. Raises Invalid."""
        system = self._spec.system(os)
        key = (self.name, self._place, region, system, architecture)
        image = _IMAGES.get(key)
        if image is None:
            query = self._spec.images[system]
            image = self._call(lambda: self._cloud.image(region, system, query, architecture))
            if image is None:
                raise Invalid(f"{self._spec.title} has no image of {system} for {architecture} in {region}.")
            _IMAGES.put(key, image)
        return image

    def create_nodes(self, order: NodeOrder) -> list[Node]:
        """Make the machines that the order names and that do not exist yet; idempotent by tag; returns all of them."""
        if order.installation != self._installation:
            raise Invalid(f"The order is of installation {order.installation}, not of {self._installation}.")
        own = [bool(plan.image) for plan in order.nodes]
        if any(own) and not isinstance(self._cloud, KeepsImages):
            raise CannotArchive(order.name, provider=self.name)
        # When all begin with images of their own, the system's may have gone from the cloud meanwhile.
        image = (
            Image("", self._spec.system(order.os))
            if own and all(own)
            else self.find_image(order.region, order.os, order.architecture)
        )
        return self._call(lambda: self._create(order, image))

    def get_nodes(self, reservation_id: str, region: str) -> list[Node]:
        """What the cloud lists now with our tags; a machine whose key is not written yet has the key ""."""
        return sorted(self._call(lambda: self._living(reservation_id, region)), key=lambda node: _natural(node.key))

    def destroy_nodes(self, reservation_id: str, region: str) -> Teardown:
        """End all that carries the tag; returns what the cloud still lists. Call again until it is complete."""
        return self._call(lambda: self._destroy(reservation_id, region))

    def end_nodes(self, reservation_id: str, region: str, ids: Sequence[str]) -> None:
        """End just these machines of the reservation; ids that are gone or of others are passed over."""
        self._change(reservation_id, region, self._cloud.end, only=ids)

    def keep_images(self, order: NodeOrder) -> list[NodeImage]:
        """Ask for what is missing of the images of those machines that are off; returns all that are listed."""
        cloud = self._cloud
        if not isinstance(cloud, KeepsImages):
            raise CannotArchive(order.name, provider=self.name)
        return self._call(lambda: self._keep(cloud, order))

    def get_images(self, reservation_id: str, region: str) -> list[NodeImage]:
        """What the cloud lists now with our tags, oldest first of each key."""
        cloud = self._cloud
        return self._call(lambda: _images(cloud, region, reservation_id))

    def delete_images(self, reservation_id: str, region: str) -> tuple[str, ...]:
        """Ask the cloud to delete all images of the reservation; returns the ids that it still lists."""
        return self._call(lambda: self._delete_images(reservation_id, region))

    def let_in(self, order: NodeOrder) -> None:
        """Let the firewall of machines that run have the order's openings."""
        cloud = self._cloud
        if not isinstance(cloud, OpensLater):
            raise CannotOpen(order.name, provider=self.name)
        self._call(lambda: cloud.let_in(order))

    def survey(self) -> Survey:
        """Everything with our installation's tag, in every region that the account can use.

        A region that refuses us is left out, unless all do; one that fails otherwise fails the survey, since what it
        holds would look as if it had vanished.
        """
        answers = in_parallel(self.name, self._holdings, self._call(self._cloud.regions))
        surveys = [answer for answer in answers if isinstance(answer, Survey)]
        refusals = [answer for answer in answers if isinstance(answer, CredentialsRejected)]
        if refusals and not surveys:
            raise refusals[0]
        return Survey(
            nodes=tuple(node for survey in surveys for node in survey.nodes),
            belongings=tuple(item for survey in surveys for item in survey.belongings),
        )

    def stop_nodes(self, reservation_id: str, region: str) -> None:
        """Power off, disks kept."""
        self._change(reservation_id, region, self._cloud.stop, states=(PENDING, RUNNING))

    def start_nodes(self, reservation_id: str, region: str) -> None:
        """Power on. A machine that is just stopping is asked until it has stopped."""
        self._change(reservation_id, region, self._cloud.start, states=(STOPPING, STOPPED))

    def reboot_nodes(self, reservation_id: str, region: str) -> None:
        """Restart the operating systems of what runs."""
        self._change(reservation_id, region, self._cloud.reboot, states=(RUNNING,))

    def _create(self, order: NodeOrder, image: Image) -> list[Node]:
        nodes = self._living(order.reservation_id, order.region)
        for _ in range(_ROUNDS):
            found = settle(nodes, order.nodes)
            if found.surplus:
                log.warning(
                    "provider.surplus", reservation_id=order.reservation_id, nodes=[node.id for node in found.surplus]
                )
                self._cloud.end(order.region, [node.id for node in found.surplus])
            in_parallel(self.name, lambda pair: self._cloud.label(*pair, order), found.unlabelled)
            if not found.missing:
                return list(found.kept)
            self._cloud.check_room(order, len(found.missing))
            launched = self._launch(order, list(found.missing), image)
            nodes = [*found.kept, *(node for node in launched if node.state != GONE)]
        raise ProviderDown(self.name, "machines ended as soon as they were made")

    def _launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """When this fails, what was made of it all the same is listed by the time that the error is raised."""
        try:
            with translated(self.name):
                return self._cloud.launch(order, plans, image)
        except ProviderError as error:
            is_one_that_was_refused = len(plans) == 1 and not isinstance(error, ProviderDown)
            if not self._spec.creates_once and not is_one_that_was_refused:
                time.sleep(LISTED_WITHIN_SECONDS)
            raise

    def _destroy(self, reservation_id: str, region: str) -> Teardown:
        listed = self._cloud.nodes(region, reservation_id)
        living = [node.id for node in listed if node.state != GONE]
        if living:
            self._cloud.end(region, living)
            listed = self._cloud.nodes(region, reservation_id)
        if listed:
            # The rest is theirs until they are gone, and nothing of it can be given back before.
            return Teardown(nodes=tuple(node.id for node in listed))
        return Teardown(
            disks=self._cloud.clear_disks(region, reservation_id),
            others=(
                *self._cloud.clear_others(region, reservation_id),
                *self._delete_images(reservation_id, region),
            ),
        )

    def _keep(self, cloud: KeepsImages, order: NodeOrder) -> list[NodeImage]:
        keys = {plan.key for plan in order.nodes}
        listed = self._living(order.reservation_id, order.region)
        nodes = [node for node in listed if node.key in keys and node.state == STOPPED]

        def images() -> list[NodeImage]:
            return _images(self._cloud, order.region, order.reservation_id)

        known = images()
        found = settle_images(known, nodes)
        if found.unwanted:
            log.info("provider.unwanted_images", reservation_id=order.reservation_id, images=found.unwanted)
            cloud.delete_images(order.region, list(found.unwanted))
            known = images()
            found = settle_images(known, nodes)
            if found.unwanted:
                # One that is taken for a machine's must never be another's.
                raise ProviderDown(self.name, f"images that are being deleted are still listed: {found.unwanted}")
        if found.missing:
            in_parallel(self.name, lambda node: cloud.keep_image(order, node), found.missing)
            known = images()
            late = settle_images(known, nodes).missing
            if late:
                raise ProviderDown(self.name, f"images of {[node.id for node in late]} are not listed yet")
        return known

    def _delete_images(self, reservation_id: str, region: str) -> tuple[str, ...]:
        listed = _images(self._cloud, region, reservation_id)
        if listed and isinstance(self._cloud, KeepsImages):
            self._cloud.delete_images(region, [image.id for image in listed])
            listed = _images(self._cloud, region, reservation_id)
        return tuple(image.id for image in listed)

    def _holdings(self, region: str) -> Survey | CredentialsRejected:
        try:
            return self._call(lambda: self._cloud.holdings(region))
        except CredentialsRejected as refusal:
            log.warning("provider.region_refused", provider=self.name, region=region, detail=refusal.vendor_text)
            return refusal

    def _change(
        self,
        reservation_id: str,
        region: str,
        change: Callable[[str, list[str]], None],
        *,
        states: Sequence[str] | None = None,
        only: Sequence[str] | None = None,
    ) -> None:
        """For those of the reservation's machines that are in one of the states and among the ids, where given."""

        def once() -> None:
            ids = [
                node.id
                for node in self._living(reservation_id, region)
                if (states is None or node.state in states) and (only is None or node.id in only)
            ]
            if ids:
                change(region, ids)

        self._call(once)

    def cpu_percents(self, region: str, ids: Sequence[str], *, since: datetime, until: datetime) -> dict[str, float]:
        """The newest by machine id; {} from a cloud that does not tell."""
        cloud = self._cloud
        return self._call(lambda: cloud.cpu_percents(region, ids, since, until)) if isinstance(cloud, Metered) else {}

    def bill(self, month: datetime) -> Bill | None:
        """What the account is charged for the month that begins then; None from a cloud whose bill is not read here."""
        cloud = self._cloud
        return self._call(lambda: cloud.bill(month)) if isinstance(cloud, Billed) else None

    def _living(self, reservation_id: str, region: str) -> list[Node]:
        return [node for node in self._cloud.nodes(region, reservation_id) if node.state != GONE]

    def _call(self, call: Callable[[], T]) -> T:
        """One idempotent piece of work, with our errors and safe retries."""

        def once() -> T:
            with translated(self.name):
                return call()

        return retrying(once)


class _Images:
    """Images found in this process, each for some minutes."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], tuple[float, Image]] = {}
        self._lock = Lock()

    def get(self, key: tuple[str, ...]) -> Image | None:
        with self._lock:
            at, image = self._found.get(key, (0.0, None))
        return image if image is not None and time.monotonic() - at < IMAGE_SECONDS else None

    def put(self, key: tuple[str, ...], image: Image) -> None:
        with self._lock:
            self._found[key] = (time.monotonic(), image)


_IMAGES = _Images()


def _images(cloud: Cloud, region: str, reservation_id: str) -> list[NodeImage]:
    found = cloud.images(region, reservation_id) if isinstance(cloud, KeepsImages) else []
    return sorted(found, key=lambda image: _natural(image.key))


def _natural(key: str) -> list[tuple[int, str]]:
    """ "worker-2" before "worker-10"."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", key)]


def _is_filled(fields: SecretFields, name: str) -> bool:
    return name in fields and bool(fields[name].reveal().strip())
