"""Key pairs for tests."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def public_key(kind: str = "ed25519", *, comment: str = "bo@laptop", bits: int = 2048) -> str:
    """The line of a new pair's public half: "ed25519", "ecdsa", "rsa" or "dsa"."""
    made = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, bits),
        "dsa": lambda: dsa.generate_private_key(1024),  # noqa: S505 - it is to be refused
    }[kind]()
    line = made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return f"{line} {comment}".rstrip()
