"""Systems that stand where the grammar reads none: "with arch", "any linux"."""

from __future__ import annotations

import re

from clouddesk.language.refusals import refused
from clouddesk.language.vocabulary import plain

_NAMED = re.compile(
    r"\b(?P<os>ubuntu|debian|rocky|alma(?:linux)?|centos|fedora|gentoo|nixos|alpine|freebsd|opensuse"
    r"|(?<=with )arch(?!:? (?:arm|aarch|x86|amd|intel|i\d86|64|graviton))|arch(?= linux))\b(?![-\w])"
)
"""With "arch" for the system, not for what the machine is built of."""
_ANY = re.compile(
    r"(?:(?:and|no|ok|okay|well|just|please|pls|then|actually|hmm|oh|yes|also|rather|only|maybe|change|i|i'd|we|want"
    r"|need|like|would|to|about|the|with)[ ,]+)*"
    r"(?:linux|(?:any|whatever|whichever)(?: (?:linux|os|system|distro))?)"
    r"(?:[ ,]+(?:then|please|pls|is fine|will do|works|at all|thanks))*"
)


def named(text: str) -> str | None:
    """The system that is named and not refused."""
    found = _NAMED.search(plain(text))
    return found["os"] if found and not refused(text).get("os") else None


def says_any(text: str) -> bool:
    """ "Linux then", "any os is fine"."""
    return _ANY.fullmatch(plain(text).strip(" .!?")) is not None
