"""`clouddesk docker-image`: the image that nodes on this machine's Docker engine are made of."""

from __future__ import annotations

import os

import click

from clouddesk import settings
from clouddesk.local.docker import build_image
from clouddesk.local.progress import Steps
from clouddesk.providers.specs.docker import DOCKER


@click.command("docker-image")
@click.argument("system", default=DOCKER.default_system)
def docker_image(system: str) -> None:
    """Make the node image of SYSTEM beforehand; the first machine on Docker makes it otherwise, in a minute or two."""
    click.echo(build_image(settings.load(), os.environ, system, Steps()))
