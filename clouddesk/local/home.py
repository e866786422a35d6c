"""The folder ``.clouddesk/``: where everything of one installation lies, and what is written there before a start."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clouddesk.local.errors import StackError

_LONGEST_SOCKET_PATH = 90
"""A unix socket's path may have 104 bytes on macOS, 108 on Linux; supervisord appends its pid while it binds."""


@dataclass(frozen=True)
class Home:
    """Paths below one installation's folder."""

    root: Path

    @property
    def run_file(self) -> Path:
        return self.root / "run.json"

    @property
    def state_file(self) -> Path:
        """What must survive ``down``: the installation's id and the ports of the last start."""
        return self.root / "state.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def supervisor_config(self) -> Path:
        return self.root / "supervisord.conf"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def socket(self) -> Path:
        """Where supervisord listens; in a private temporary folder when our own path is too long for a socket."""
        own = self.root / "supervisor.sock"
        if len(os.fsencode(own)) <= _LONGEST_SOCKET_PATH:
            return own
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path("/tmp") / f"clouddesk-{os.getuid()}-{digest}" / "supervisor.sock"  # noqa: S108 - checked to be ours

    def prepare(self) -> None:
        """Make the folders and the stack's own secrets; nothing that exists is changed but its permissions."""
        try:
            for folder in (self.root, self.secrets, self.data, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
            self._prepare_socket_folder()
            self._refuse_lost_seal()
            self._secret("channel", lambda: secrets.token_urlsafe(32).encode())
            self._secret("vault-seal.key", lambda: secrets.token_bytes(32))
        except OSError as error:
            raise cannot_write(self.root, error) from error

    def state(self) -> dict[str, Any]:
        """The remembered installation and ports; a damaged file is an error, since the id tags people's machines."""
        try:
            read = json.loads(self.state_file.read_text())
            if not isinstance(read["installation"], str) or not isinstance(read["ports"], dict):
                raise TypeError  # the same answer as for a file that is not JSON at all
        except FileNotFoundError:
            return {"installation": f"cd-{secrets.token_hex(4)}", "ports": {}}
        except (ValueError, KeyError, TypeError, UnicodeDecodeError):
            raise StackError(
                f"{self.state_file} is damaged: it holds this installation's id and ports.",
                'Put {"installation": "<id>", "ports": {}} back into it with the id that your machines are tagged '
                "with, or delete it when there are none.",
            ) from None
        return {"installation": read["installation"], "ports": read["ports"]}

    def _secret(self, name: str, make: Callable[[], bytes]) -> None:
        path = self.secrets / name
        if not path.exists():
            write_atomically(path, make())
        path.chmod(0o600)

    def _refuse_lost_seal(self) -> None:
        """A new key beside old data would only show much later, as a Vault that does not unseal."""
        key, storage = self.secrets / "vault-seal.key", self.data / "vault" / "vault.db"
        if storage.exists() and not key.exists():
            raise StackError(
                f"{key} is missing, and without it the stored credentials cannot be opened.",
                f"Put it back from a copy, or delete {storage.parent} and the vault-*.json beside the key; "
                "everybody then adds their credentials again.",
            )

    def _prepare_socket_folder(self) -> None:
        folder = self.socket().parent
        if folder == self.root:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise StackError(
                f"{folder} belongs to somebody else.", "Remove it, or set CLOUDDESK_HOME to a shorter path."
            )


@contextlib.contextmanager
def lock(path: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file; ``waiting`` is called once when somebody else has it. Released when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read, whole or not at all, on disk when this returns."""
    data = content.encode() if isinstance(content, str) else content
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def cannot_write(path: Path, error: OSError) -> StackError:
    """One sentence for an error of the file system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StackError(f"The disk that holds {path} is full.", "Free some space there, then start again.")
    return StackError(
        f"{path} cannot be written ({error.strerror or error}).", "Check who owns it, or set CLOUDDESK_HOME."
    )
