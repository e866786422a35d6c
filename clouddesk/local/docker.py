"""Docker on this machine: whether its engine is offered to people, and the image that its nodes are made of."""

from __future__ import annotations

from collections.abc import Mapping

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.local.errors import StackError
from clouddesk.local.progress import Steps
from clouddesk.providers import PROVIDERS
from clouddesk.providers.docker_engine import connect, find_engine
from clouddesk.providers.docker_image import NodeImage
from clouddesk.providers.specs.docker import DOCKER
from clouddesk.settings import DOCKER_SOCKET, Settings

_MEND = (
    "Start it (`sudo systemctl start docker`, or Docker Desktop), or say where it is: DOCKER_HOST=unix:///….sock. "
    "Whoever may use it is in the group `docker`."
)


def offered(settings: Settings, environment: Mapping[str, str]) -> str:
    """The address of the engine that people at this terminal may use; "" when none answers, or none is to be used.

    Where a Slack workspace is connected only one that the settings name: what serves a team is nobody's own machine.
    """
    if settings.docker is False or (settings.has_slack and not settings.docker_host):
        return ""
    return _find(settings, environment)


def build_image(settings: Settings, environment: Mapping[str, str], system: str, steps: Steps) -> str:
    """Make the node image of a system, unless the engine has it; returns its name. Raises StackError."""
    address = _find(settings, environment)
    if not address:
        raise StackError("Docker doesn't answer.", _MEND)
    name = DOCKER.system(system)
    image = NodeImage(name, PROVIDERS[DOCKER.name].images[name])
    engine = connect(address)
    if image.is_on(engine):
        steps.done("node image", detail=f"reused ({image.tag})")
        return image.tag
    try:
        with steps.timing() as elapsed, steps.spinner(f"Making the node image of {name} …"):
            image.build(engine, tell=steps.say)
            steps.done("node image", seconds=elapsed(), detail=image.tag)
    except (BaseHTTPError, OSError) as error:
        raise StackError(
            f"The node image could not be made: {getattr(error, 'message', error)}.",
            "Look whether this machine reaches a registry or, as root with debootstrap installed, Debian's archive.",
        ) from error
    return image.tag


def _find(settings: Settings, environment: Mapping[str, str]) -> str:
    told = settings.docker_host or environment.get("DOCKER_HOST", "")
    # An engine elsewhere is not one's own machine: its nodes would not be at a loopback address.
    return find_engine(told) if not told or told.startswith(DOCKER_SOCKET) else ""
