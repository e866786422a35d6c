"""The image that Docker nodes are made of: built once on each engine, from a public base or from Debian's packages."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from docker import APIClient
from docker.errors import APIError
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.providers.docker_engine import engine_errors, explanation
from clouddesk.providers.spec import ImageQuery

REPOSITORY = "clouddesk/node"
_BASES = "clouddesk/base"
_RECIPE = Path(__file__).parent / "docker_node"
_SUITES = {"debian-11": "bullseye", "debian-12": "bookworm", "debian-13": "trixie"}
"""Systems that debootstrap can make from packages alone."""
_BUILD_SECONDS = 900
_NO_IMAGE = 400  # to try again would take as long, and fail again
_LAST_WORDS = 300

Tell = Callable[[str], None]
"""Gets what is being done, in people's words."""


def say_nothing(_text: str) -> None:
    """A Tell for nobody."""


@dataclass(frozen=True)
class NodeImage:
    """The image of one system, named by its recipe: another recipe is another image."""

    system: str
    query: ImageQuery

    @cached_property
    def tag(self) -> str:
        """ "clouddesk/node:debian-12-0123456789ab"."""
        digest = sha256(f"{self.query.pattern}\n{self.query.login}\n".encode())
        for path in _files(_RECIPE):
            digest.update(f"{path.relative_to(_RECIPE)}\n".encode() + path.read_bytes())
        return f"{REPOSITORY}:{self.system}-{digest.hexdigest()[:12]}"

    def is_on(self, engine: APIClient) -> bool:
        """Whether the engine has it already."""
        return _is_there(engine, self.tag)

    def build(self, engine: APIClient, *, tell: Tell = say_nothing, site: Mapping[str, bytes] | None = None) -> None:
        """Make it: a minute or two. Two that build at once end with the same image.

        ``site``: files that go into it besides, by path; they do not change its name. Raises BaseHTTPError.
        """
        base = self._base(engine, tell)
        tell(f"Installing systemd, SSH and Python on {self.system} …")
        with engine_errors():
            answers = engine.build(
                fileobj=_context(site or {}),
                custom_context=True,
                tag=self.tag,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=_BUILD_SECONDS,
                # The engine's default network may be none at all, and packages are all that is fetched.
                network_mode="host",
                buildargs={"BASE": base, "LOGIN": self.query.login},
            )
            last = ""
            for answer in answers:
                last = (answer.get("stream") or "").strip() or last
                if "error" in answer:
                    said = f"the node image of {self.system}: {answer['error']} {last}"
                    raise BaseHTTPError(_NO_IMAGE, said[:_LAST_WORDS])

    def _base(self, engine: APIClient, tell: Tell) -> str:
        """The public image, when it is there or to be had; else one of Debian's packages."""
        public = self.query.pattern
        if _is_there(engine, public):
            return public
        tell(f"Fetching {public} …")
        try:
            engine.pull(*public.split(":"))
        except APIError as error:
            refusal = explanation(error)
        else:
            return public
        suite = _SUITES.get(self.system)
        if suite is None or not shutil.which("debootstrap") or os.geteuid() != 0:
            raise BaseHTTPError(_NO_IMAGE, _no_base(public, refusal, can_bootstrap=suite is not None))
        own = f"{_BASES}:{self.system}"
        if not _is_there(engine, own):
            tell(f"No registry answers; making {self.system} from Debian's own packages …")
            _import_debian(engine, own, suite)
        return own


def _no_base(public: str, refusal: str, *, can_bootstrap: bool) -> str:
    other = ", and debootstrap is not installed or not run as root" if can_bootstrap else ""
    return f"{public} could not be fetched{other} ({refusal})"[:_LAST_WORDS]


def _is_there(engine: APIClient, name: str) -> bool:
    with engine_errors():
        return bool(engine.images(name))


def _import_debian(engine: APIClient, name: str, suite: str) -> None:
    with tempfile.TemporaryDirectory(prefix="clouddesk-debian-") as folder:
        root, packed = Path(folder) / "root", Path(folder) / "root.tar"
        _run("debootstrap", "--variant=minbase", suite, str(root))
        _run("tar", "--numeric-owner", "-C", str(root), "-cf", str(packed), ".")
        repository, _, tag = name.partition(":")
        with engine_errors():
            engine.import_image_from_file(str(packed), repository=repository, tag=tag)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - programs of the system, with arguments of our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise BaseHTTPError(_NO_IMAGE, f"{command[0]} did not end within {_BUILD_SECONDS} s") from error
    if done.returncode != 0:
        raise BaseHTTPError(_NO_IMAGE, f"{command[0]} failed: {done.stdout.strip()[-_LAST_WORDS:]}")


def _context(site: Mapping[str, bytes]) -> io.BytesIO:
    """What the build gets: the recipe, and the site's files below ``site/``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in _files(_RECIPE):
            _add(archive, str(path.relative_to(_RECIPE)), path.read_bytes())
        folder = tarfile.TarInfo("site")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
        for name, content in site.items():
            _add(archive, f"site/{name.lstrip('/')}", content)
    packed.seek(0)
    return packed


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
