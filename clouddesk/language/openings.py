"""Who may reach a machine's ports, as it is said: "open it to 203.0.113.0/24", "port 8080 open to everybody"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from clouddesk.model.node import Opening

WORLD = ("0.0.0.0/0", "::/0")
MY_ADDRESS = "my address"
LEAST_PREFIX = {4: 8, 6: 16}
"""A range that is wider than this is as good as the whole internet."""
_OPENS = re.compile(
    r"\b(?:open(?:ed|ing|s)?(?![- ](?:source|standard|data|question)s?\b)|reachable|be reached|accessible|access from"
    r"|expos(?:e|ed|ing)|allow(?:ed|ing)?|white-?list(?:ed)?|let in|only from"
    r"|let (?:it|them|me|us|[\d.:/]*\d[\d.:/a-f]*) in)\b"
    r"|\blet my (?:new |own )?(?:ip|address|ip address) in\b"
)
_CLOSES = re.compile(
    r"\b(?:close (?:it|them|that|everything|(?:all |the )+ports?)|keep (?:it|them|(?:the )?ports?) closed"
    r"|(?:don'?t|do not|never|not) (?:open|expose)\b|not to be (?:open|exposed)|no open(?:ings| ports?)|no ports? open"
    r"|nothing open|only (?:by|through|over|via) (?:an? |the )?tunnel)"
)
_FOUR_NUMBERS = r"\d{1,3}(?:\.\d{1,3}){3}"
_ADDRESS = re.compile(
    rf"(?<![\w.:/-])(?:{_FOUR_NUMBERS}|(?=[0-9a-f]*:[0-9a-f]*:)[0-9a-f:]{{2,39}})(?:/\d{{1,3}})?(?![\w:/]|\.\d)"
)
_EVERYBODY = re.compile(
    r"\b(?:to|by|for|from) (?:the )?(?:(?:whole|entire|public) )?"
    r"(?:world|internet|web|public|everybody|everyone|anybody|anyone)\b|\bfrom (?:everywhere|anywhere)\b|\bpublicly\b"
)
_OWN = re.compile(
    r"\b(?:to|from|for|by) (?:my|our)(?: own| new| current| public)? (?:ip|address|network|laptop|office|home)\b"
    r"|\blet my (?:new |own )?(?:ip|address|ip address) in\b"
)
_PORTS = re.compile(r"\bports? (?P<ports>\d{1,5}(?:-\d{1,5})?(?:(?:,? and |, ?)\d{1,5}(?:-\d{1,5})?)*)\b")
_SINGLE = re.compile(r"\d+(?:-\d+)?")
_DENIES = re.compile(
    r"\b(?:not|never|cannot|nobody|no one|no|without|close[ds]?|closing|block(?:ed|ing)?|except|den(?:y|ied))\b|n't\b"
)
"""What follows in the same clause is not let in; taken too widely rather than too narrowly."""
_CLAUSE_END = re.compile(r"[,;.!?](?:\s+(?!\d)|$)|\bbut\b")
_CLOSES_SOME = re.compile(
    r"\b(?:close|shut|block)(?: off| down)? (?:(?P<all>everything|(?:all |the )*ports)(?! \d)\b|(?:the )?(?=ports? \d))"
)
_LAST_PORT = 65535
NOTHING = "nothing"
"""What no openings are called."""


@dataclass(frozen=True)
class Opened:
    """``sources`` in CIDR notation, ``ports`` as "8080" and "8000-8100"."""

    sources: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    is_closed: bool = False
    """Nothing is to be open (any more)."""
    unclear: tuple[str, ...] = ()
    """What looks like an address and is none, and MY_ADDRESS where it was not told."""

    def __bool__(self) -> bool:
        return bool(self.sources or self.ports or self.is_closed or self.unclear)


@dataclass(frozen=True)
class Closed:
    """``ports`` as in Opened, () for all; ``sources`` who is not let in any more, () for everybody."""

    ports: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def closed(text: str) -> Closed | None:
    """ "close port 8080 to 203.0.113.7", "close everything": what of machines that run; None where that is not said."""
    text = text.lower().replace("’", "'")
    found = _CLOSES_SOME.search(text)
    if found is None or re.search(r"\b(?:not|never)\b|n't\b", text[: found.start()]):
        return None
    rest = text[found.end() :]
    said = [] if found["all"] else [port for item in _PORTS.finditer(rest) for port in _SINGLE.findall(item["ports"])]
    ports = tuple(filter(_is_port, said))
    sources = tuple(network for words in _ADDRESS.findall(rest) if (network := _network(words)))
    return Closed(ports, sources) if ports or found["all"] else None


def read(text: str) -> Opened:
    """What of it the text says; nothing where it does not speak of opening."""
    text = text.lower().replace("’", "'")
    closes = bool(_CLOSES.search(text))
    if not closes and not _OPENS.search(text):
        return Opened()
    sources, unclear, ports = [], [], []
    # What is denied is dropped; with nothing left, all stays closed.
    for clause in _CLAUSE_END.split(text):
        denial = _DENIES.search(clause)
        said = clause[: denial.start()] if denial else clause
        closes = closes or bool(denial and _EVERYBODY.search(clause, denial.start()))
        for found in _ADDRESS.findall(said):
            network = _network(found)
            if network:
                sources.append(network)
            else:
                unclear.append(found)
        if _EVERYBODY.search(said):
            sources.append(WORLD[0])
        if _OWN.search(said) and not sources and not unclear:
            unclear.append(MY_ADDRESS)
        ports += [port for found in _PORTS.finditer(said) for port in _SINGLE.findall(found["ports"])]
    if closes and not sources and not unclear:
        return Opened(is_closed=True)
    return Opened(tuple(dict.fromkeys(sources)), tuple(filter(_is_port, ports)), unclear=tuple(unclear))


def is_wide(source: str) -> bool:
    """Whether the range is the whole internet, or a large part of it."""
    network = ip_network(source)
    return network.prefixlen < LEAST_PREFIX[network.version]


def _network(text: str) -> str | None:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return None


def _is_port(text: str) -> bool:
    first, _, last = text.partition("-")
    return 1 <= int(first) <= int(last or first) <= _LAST_PORT


def words(openings: Sequence[Opening]) -> str:
    """ "ports 8080-8090 and 8888 to 203.0.113.0/24"."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for item in openings:
        ports = str(item.first_port) if item.first_port == item.last_port else f"{item.first_port}-{item.last_port}"
        by_source[item.source].append(ports)
    return "; ".join(
        f"port{'s' if len(ports) > 1 or '-' in ports[0] else ''} {_listed(ports)} to {source}"
        for source, ports in by_source.items()
    )


def _listed(ports: Sequence[str]) -> str:
    *others, last = ports
    return f"{', '.join(others)} and {last}" if others else last
