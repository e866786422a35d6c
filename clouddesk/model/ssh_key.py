"""People's public SSH keys, as they stand in ``~/.ssh/id_ed25519.pub``."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from clouddesk.model.invalid import NoSshKey, SshKeyIsPrivate, WeakSshKey

KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
LEAST_RSA_BITS, GOOD_RSA_BITS, MOST_RSA_BITS = 2048, 3072, 8192
LONGEST_COMMENT = 100
ADD_WORDS = "add my ssh key"
"""What asks how to add one; a button that says it opens a form where there are forms."""
SSH = "ssh"
"""Whose a private key is, as a cloud's name stands for its keys."""
_WEAK = ("ssh-dss",)
_BEGIN = rf"(?<![\w@.-])(?:{'|'.join(map(re.escape, (*KINDS, *_WEAK)))})[ \t]+AAAA"
_LINE = re.compile(
    rf"(?<![\w@.-])(?P<kind>{'|'.join(map(re.escape, (*KINDS, *_WEAK)))})[ \t]+(?P<blob>[A-Za-z0-9+/]{{20,}}={{0,2}})"
    rf"(?:[ \t]+(?P<comment>(?:(?!{_BEGIN})[^\r\n])*))?"
)
_BEGUN = re.compile(_BEGIN)
_CERTIFICATE = re.compile(r"(?<![\w@.-])(?:sk-)?(?:ssh|ecdsa)-[\w-]+-cert-v0\d@openssh\.com[ \t]+AAAA")
_PRIVATE = re.compile(r"PRIVATE KEY|PuTTY-User-Key-File|^Private-Lines:", re.MULTILINE)
_SSH2 = re.compile(r"-{3,5} ?BEGIN SSH2 PUBLIC KEY|-----BEGIN (?:RSA )?PUBLIC KEY-----")
_OPTIONS = re.compile(
    r"(?:^|[\s,])(?:command|from|environment|permitopen|principals|tunnel|expiry-time)=\"|\b(?:restrict|no-pty|"
    r"no-(?:port|agent|x11)-forwarding|cert-authority)\b",
    re.IGNORECASE,
)
_NOT_IN_COMMENTS = re.compile(r"[^\w@.+ -]")


@dataclass(frozen=True)
class SshKey:
    """A public key that may log in. ``comment``: mostly whose it is and on which machine."""

    kind: str
    blob: str
    comment: str = ""

    @property
    def line(self) -> str:
        """As it stands in ``authorized_keys``, without options."""
        return f"{self.kind} {self.blob} {self.comment}".rstrip()

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` shows it."""
        digest = sha256(base64.b64decode(self.blob)).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    @property
    def is_short(self) -> bool:
        """Whether it is taken, though a new one should be longer."""
        public = load_ssh_public_key(f"{self.kind} {self.blob}".encode()) if self.kind == "ssh-rsa" else None
        return isinstance(public, RSAPublicKey) and public.key_size < GOOD_RSA_BITS


def holds_ssh_key(text: str) -> bool:
    """Whether a public key begins somewhere in the text, a broken one and a certificate included."""
    return _BEGUN.search(text) is not None or _CERTIFICATE.search(text) is not None


def words_before(text: str) -> str:
    """What stands before the first public key in the text."""
    begun = _BEGUN.search(text)
    return text[: begun.start()] if begun else ""


def has_options(text: str) -> bool:
    """Whether what stands before the key would limit it in ``authorized_keys``: that is left out here."""
    return _OPTIONS.search(words_before(text)) is not None


def named(key: SshKey, name: str) -> SshKey:
    """The key under another name; under its own when nothing is left of the name that a line may hold."""
    return replace(key, comment=_comment(name) or key.comment)


def parse_ssh_key(text: str) -> SshKey:
    """The first public key in the text. Raises SshKeyIsPrivate, NoSshKey, WeakSshKey."""
    return parse_ssh_keys(text)[0]


def parse_ssh_keys(text: str) -> list[SshKey]:
    """All public keys in the text, one at least. Raises SshKeyIsPrivate, NoSshKey, WeakSshKey.

    Options before one (``command="…"``) are left out: a key logs in as its owner does.
    """
    if _PRIVATE.search(text):
        raise SshKeyIsPrivate
    keys = []
    for found in _LINE.finditer(text):
        if found["kind"] in _WEAK:
            raise WeakSshKey("DSA keys are refused by today's SSH servers")
        keys.append(SshKey(found["kind"], found["blob"], _comment(found["comment"] or "")))
        _check(keys[-1])
    if not keys and _CERTIFICATE.search(text):
        raise NoSshKey(why="This is a certificate, and I need the key itself: the file without “-cert” in its name.")
    if not keys and _SSH2.search(text):
        raise NoSshKey(why="This is a public key in another form; `ssh-keygen -i -f FILE` prints the line that I need.")
    if not keys:
        raise NoSshKey(is_damaged=holds_ssh_key(text))
    return keys


def _check(key: SshKey) -> None:
    """That it can be read, is what it says, and is strong enough."""
    try:
        blob = base64.b64decode(key.blob, validate=True)
        name = blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii")
        public = None if key.kind.startswith("sk-") else load_ssh_public_key(f"{key.kind} {key.blob}".encode())
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise NoSshKey(is_damaged=True) from None
    if name != key.kind:
        raise NoSshKey(is_damaged=True)
    if isinstance(public, RSAPublicKey) and public.key_size < LEAST_RSA_BITS:
        raise WeakSshKey(f"an RSA key of {public.key_size} bits is too short")
    if isinstance(public, RSAPublicKey) and public.key_size > MOST_RSA_BITS:
        # Ten of these still fit into the user data of every cloud.
        raise WeakSshKey(f"an RSA key of {public.key_size} bits is longer than clouds take")


def _comment(text: str) -> str:
    return _NOT_IN_COMMENTS.sub("", text).strip()[:LONGEST_COMMENT]
