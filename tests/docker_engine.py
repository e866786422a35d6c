"""A Docker engine for tests: the one that answers, else Debian's own, started here for as long as somebody needs it.

``python -m tests.docker_engine serve`` starts it and stays; ``… nodes 3`` makes three nodes and tells how to get in;
``… end`` ends them all.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import click
import psutil
import pytest
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.node import RUNNING, Node, NodeOrder, NodePlan
from clouddesk.providers import PROVIDERS, LibcloudProvider, open_provider
from clouddesk.providers.docker_engine import connect, find_engine
from clouddesk.providers.docker_image import NodeImage

SYSTEM = "debian-12"
INSTALLATION = "inst-by-hand"
_PACKAGES = ("docker.io", "debootstrap")
_ROOT = Path(tempfile.gettempdir()) / f"clouddesk-docker-{os.getuid()}"
"""Stays: the image that is built there serves the next session, too."""
_STARTS_WITHIN_SECONDS = 60.0
_ENDS_WITHIN_SECONDS = 60.0
_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_APT = Path("/etc/apt/apt.conf.d")


@dataclass(frozen=True)
class Engine:
    """An engine that answers and has the node image."""

    address: str
    image: str

    def open(self, installation: str = INSTALLATION) -> LibcloudProvider:
        """The provider on it."""
        return open_provider("docker", {}, endpoint=self.address, installation=installation)


class NoEngine(Exception):
    """None answers, and none can be started; says why."""


@contextlib.contextmanager
def running_engine() -> Iterator[Engine]:
    """An engine for as long as this lasts; of several who use the same one, the last ends it. Raises NoEngine."""
    address = find_engine(os.environ.get("DOCKER_HOST", ""))
    if address:
        yield Engine(address, _with_image(address))
        return
    _ROOT.mkdir(mode=0o700, exist_ok=True)
    with (_ROOT / "users.lock").open("w") as users:
        with _alone():
            address = _start()
            is_alone = _is_nobodys(users)
            if is_alone:
                # What a session that was killed has left has its keys, its names and its memory.
                _clear(address)
            try:
                image = _with_image(address)
            except NoEngine:
                if is_alone:
                    _stop(address)
                raise
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield Engine(address, image)
        finally:
            with _alone():
                fcntl.flock(users, fcntl.LOCK_UN)
                if _is_nobodys(users):
                    _stop(address)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    """An engine with the node image; tests that need one are skipped, with the reason, where none can be had."""
    with contextlib.ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine())
        except NoEngine as reason:
            pytest.skip(f"no Docker engine: {reason}")
        yield engine


def site_files() -> dict[str, bytes]:
    """What nodes need on this machine's network: its certificates, and how apt goes about its archive."""
    files = {f"{_CERTIFICATES}/{path.name}": path.read_bytes() for path in _CERTIFICATES.glob("*.crt")}
    for path in _APT.glob("99*"):
        if b"Acquire::" in path.read_bytes():
            files[f"{_APT}/{path.name}"] = path.read_bytes()
    if files:
        files["/etc/pip.conf"] = b"[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n"
    return files


def order(reservation_id: str, *keys: str, public_keys: tuple[str, ...] = (), size: str = "1cpu-1gb") -> NodeOrder:
    """An order for nodes of these keys."""
    return NodeOrder(
        installation=INSTALLATION,
        reservation_id=reservation_id,
        owner="local/ann",
        region="local",
        size=size,
        os=SYSTEM,
        nodes=tuple(NodePlan(key, key.partition("-")[0]) for key in keys),
        disk_gb=20,
        name=reservation_id,
        public_keys=public_keys,
    )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (_ROOT / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_nobodys(users: IO[str]) -> bool:
    """Whether no session uses the engine now; the caller has it alone then."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start() -> str:
    """The address of our own engine, which is started unless it runs already."""
    address = f"unix://{_ROOT / 'docker.sock'}"
    if find_engine(address):
        return address
    _install()
    command = ["dockerd", "--host", address, "--data-root", str(_ROOT / "data"), "--exec-root", str(_ROOT / "run")]
    # Each reservation has its own network, so nobody needs the usual one, which another engine may have.
    command += ["--pidfile", str(_ROOT / "docker.pid"), "--bridge", "none"]
    (_ROOT / "docker.pid").unlink(missing_ok=True)
    with (_ROOT / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if find_engine(address):
            return address
        time.sleep(0.1)
    process.terminate()
    raise NoEngine(f"dockerd did not start:\n{(_ROOT / 'dockerd.log').read_text()[-2000:]}")


def _install() -> None:
    missing = [name for name in ("dockerd", "debootstrap") if shutil.which(name) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoEngine(f"{' and '.join(missing)} not installed, and only root can install them (on Debian)")
    # As in a container: nothing that is installed is started by its package.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *_PACKAGES, "iptables"]):
        done = subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoEngine(f"apt-get could not install {' '.join(_PACKAGES)}: {done.stderr[-500:]}")


def _stop(address: str) -> None:
    """With all that is left on it; returns when its process has ended."""
    pid = int((_ROOT / "docker.pid").read_text())
    _clear(address)
    os.kill(pid, 15)
    deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    """Not so when whoever started it has not taken note of its end yet, which may be another process."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _clear(address: str) -> None:
    engine = connect(address)
    for container in engine.containers(all=True):
        engine.remove_container(container["Id"], force=True, v=True)
    engine.prune_networks()


def _with_image(address: str) -> str:
    image = NodeImage(SYSTEM, PROVIDERS["docker"].images[SYSTEM])
    engine = connect(address)
    if not image.is_on(engine):
        try:
            image.build(engine, tell=partial(click.echo, err=True), site=site_files())
        except BaseHTTPError as error:
            raise NoEngine(f"the node image could not be made: {error.message}") from error
    return image.tag


@click.group()
def by_hand() -> None:
    """An engine and nodes to work with."""


@by_hand.command()
def serve() -> None:
    """Start the engine and stay until Ctrl-C or SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with running_engine() as engine:
        click.echo(f"export DOCKER_HOST={engine.address}   # image {engine.image}")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


@by_hand.command()
@click.argument("count", type=int)
@click.argument("name", default="by-hand")
@click.option("--size", default="2cpu-2gb", envvar="SIZE")
def nodes(count: int, name: str, size: str) -> None:
    """Make a controller and workers, and tell how to get in."""
    key = _ROOT / "id_ed25519"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    keys = ["controller", *(f"worker-{number}" for number in range(1, count))]
    wanted = order(name, *keys, public_keys=(Path(f"{key}.pub").read_text(),), size=size)
    address = _served()
    _with_image(address)
    provider = Engine(address, "").open()
    provider.create_nodes(wanted)
    found: list[Node] = []
    while len(found) < len(keys) or {node.state for node in found} != {RUNNING}:
        time.sleep(0.2)
        found = provider.get_nodes(name, "local")
    for node in found:
        click.echo(f"{node.key} {node.private_address}: ssh -i {key} -p {node.ssh_port} {node.login}@{node.address}")


@by_hand.command()
@click.argument("name", default="by-hand")
def end(name: str) -> None:
    """End nodes, with their network."""
    provider = Engine(_served(), "").open()
    while not provider.destroy_nodes(name, "local").is_complete:
        time.sleep(0.2)


def _served() -> str:
    address = find_engine(os.environ.get("DOCKER_HOST") or f"unix://{_ROOT / 'docker.sock'}")
    if not address:
        raise click.ClickException("No engine answers: python -m tests.docker_engine serve")
    return address


if __name__ == "__main__":
    by_hand()
