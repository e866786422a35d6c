"""Secrets in text: cloud keys, tokens and passwords are found by their shape or by the words before them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clouddesk.language.known_secrets import find_known

_END = r"(?![A-Za-z0-9_/+=-])"
_START = r"(?<![A-Za-z0-9_/+-])"

# Shapes that are a secret wherever they stand, beside those of ``known_secrets``: those it lacks, and those that people
# shorten, wrap or break when they paste. None means that no cloud of ours issues them,
# and "ssh" that it is the private half of an SSH key.
_SHAPES: tuple[tuple[str | None, str], ...] = (
    ("gcp", r"\{[^{}]*[\"']type[\"']\s*:\s*[\"']service_account[\"'][^{}]*\}?"),
    ("ssh", r"-----BEGIN OPENSSH PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)"),
    ("ssh", r"PuTTY-User-Key-File-\d:[\s\S]*"),
    (None, r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)"),
    ("aws", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,20}(?![A-Za-z0-9])"),
    ("aws", rf"{_START}(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=_-]{{20,}}"),
    ("digitalocean", r"(?<![A-Za-z0-9])do[opr]_v1_[A-Za-z0-9_]{16,}"),
    ("gcp", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{25,}"),
    ("gcp", r"(?<![A-Za-z0-9])(?:GOOG1E|GOOG)[A-Z0-9]{16,}"),
    ("gcp", r"(?<![A-Za-z0-9])(?:ya29\.|GOCSPX-)[A-Za-z0-9_-]{16,}"),
    ("azure", rf"{_START}[A-Za-z0-9_~.-]{{3,5}}Q?~[A-Za-z0-9_~.-]{{24,}}"),
    (None, r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{20,})"),
    (None, r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}|(?<![A-Za-z0-9])xapp-[A-Za-z0-9-]{10,}"),
    (None, r"(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{16,}|(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    (None, r"(?<![A-Za-z0-9])sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}"),
    (None, r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.?[A-Za-z0-9_-]*"),
)
_SHAPE_RES = tuple((kind, re.compile(pattern, re.DOTALL)) for kind, pattern in _SHAPES)

_LABEL = (
    r"(?:[A-Za-z0-9_]*(?:secret|token|passw(?:or)?d|passwd|pwd|api[_ -]?key|access[_ -]?key|private[_ -]?key"
    r"|credential|auth[_ -]?key)[A-Za-z0-9_]*"
    r"|passphrase)"
)
# "password: x", "OS_PASSWORD=x", "secret_access_key = x": whatever follows an equals sign or colon is the secret.
_ASSIGNED = re.compile(
    rf"(?P<label>{_LABEL})[\"'`]?\s*(?:=|:=|:(?!//))\s*[\"'`]?(?P<value>(?![\[<\s])[^\s\"'`,;}}]{{6,}})", re.IGNORECASE
)
# "secret zzzz…", "password is hunter2hunter2": without a sign only something that looks random.
_NAMED = re.compile(
    rf"(?P<label>\b(?:{_LABEL}|key|pat|pass|api)\b(?: (?:key|id|token|secret|is|for \w+"
    rf"|code))*)[\s:=–—\"'`,-]+(?P<value>[A-Za-z0-9/+=_~.!@#$%^&*-]{{8,}})",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"\bpass(?:word|phrase|wd)?(?: for \S+)?(?: is|:| -|=)? (?P<value>(?=\S*\d)(?=\S*[A-Za-z])(?!\[)[^\s,;]{6,})",
    re.IGNORECASE,
)
# Basic authentication without a name, or for a command: "redis://:secret@host", "curl -u me:secret".
_BASIC = re.compile(
    r"(?<=://:)(?P<value>[^\s:/@\[]{4,})(?=@)|(?:-u|--user)[ =][\"']?[\w.@-]+:(?P<other>[^\s\"'\[]{4,})"
)
_LONG = re.compile(r"(?<![A-Za-z0-9/+_@.-])[A-Za-z0-9/+]{32,}={0,2}(?![A-Za-z0-9/+_.-])")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_.-])(?=[A-Za-z0-9/]*\+)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.-])")
_HASH_BEFORE = re.compile(r"(?:commit|sha\d*|hash|digest|checksum|md5|revision|image|@sha256)[\s:=@]*$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[secret(?::[a-z]+)?\]")

_PUBLIC_KEY = re.compile(
    r"(?<![\w@.-])(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp\d{3}|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r"\s+AAAA[A-Za-z0-9+/]+(?:\s*\n\s*[A-Za-z0-9+/]{20,})*(?:\s*\n\s*[A-Za-z0-9+/]+(?==))?={0,2}(?![A-Za-z0-9+/=])"
)
"""As people paste it to be let in, in one line or wrapped: the half of an SSH key that everybody may know."""

_PROVIDER_WORDS = (
    ("aws", re.compile(r"\baws\b|\bamazon\b|aws_|\bec2\b", re.IGNORECASE)),
    ("digitalocean", re.compile(r"digital ?ocean|\bdo\b(?= (?:key|token|pat|api))|do_token", re.IGNORECASE)),
    ("azure", re.compile(r"azure|microsoft|client_secret", re.IGNORECASE)),
    ("linode", re.compile(r"linode|akamai", re.IGNORECASE)),
    ("vultr", re.compile(r"vultr", re.IGNORECASE)),
    ("gcp", re.compile(r"\bgcp\b|google|service_account", re.IGNORECASE)),
    ("openstack", re.compile(r"openstack|\bos_(?:password|token|auth)", re.IGNORECASE)),
)


@dataclass(frozen=True)
class SecretFound:
    """One secret: where it stood in the text and whose it is, if its shape or its neighbours tell. Never the secret."""

    start: int
    end: int
    provider: str | None

    @property
    def placeholder(self) -> str:
        return f"[secret:{self.provider}]" if self.provider else "[secret]"


def find_secrets(text: str) -> tuple[SecretFound, ...]:
    """Every secret in the text, in order; adjoining parts of one secret come out as one."""
    spans: list[tuple[int, int, str | None]] = list(find_known(text))
    for kind, pattern in _SHAPE_RES:
        spans += [(match.start(), match.end(), kind) for match in pattern.finditer(text)]
    for match in _ASSIGNED.finditer(text):
        if not _is_plain(match["value"]) or "pass" in match["label"].lower():
            spans.append((match.start("value"), match.end("value"), None))
    spans += [
        (match.start("value"), match.end("value"), None)
        for match in _NAMED.finditer(text)
        if _is_random(match["value"])
    ]
    spans += [
        (match.start(), match.end(), None)
        for match in _LONG.finditer(text)
        if _is_random(match.group()) and not _HASH_BEFORE.search(text, 0, match.start())
    ]
    spans += [(*match.span("value" if match["value"] else "other"), None) for match in _BASIC.finditer(text)]
    spans += [(match.start(), match.end(), "aws") for match in _AWS_SECRET.finditer(text)]
    spans += [(match.start("value"), match.end("value"), None) for match in _PASSWORD.finditer(text)]
    merged: list[tuple[int, int, str | None]] = []
    known = [found.span() for found in _PLACEHOLDER.finditer(text)]
    public = [found.span() for found in _PUBLIC_KEY.finditer(text)]
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if any(start < known_end and known_start < end for known_start, known_end in known):
            continue
        if any(public_start <= start and end <= public_end for public_start, public_end in public):
            continue
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2] or kind)
        else:
            merged.append((start, end, kind))
    fallback = next((kind for _, _, kind in merged if kind), None) or _named_provider(text) if merged else None
    return tuple(SecretFound(start, end, kind or fallback) for start, end, kind in merged)


def redact(text: str) -> tuple[str, tuple[SecretFound, ...]]:
    """The text with each secret replaced by its placeholder."""
    found = find_secrets(text)
    for secret in reversed(found):
        text = text[: secret.start] + secret.placeholder + text[secret.end :]
    return text, found


def _named_provider(text: str) -> str | None:
    return next((provider for provider, words in _PROVIDER_WORDS if words.search(text)), None)


def _is_plain(value: str) -> bool:
    """A word of language rather than a secret: only letters, or only a few digits."""
    return value.isalpha() and (value.islower() or value.istitle()) and len(value) < 16


def _is_random(value: str) -> bool:
    """Letters and digits (or both cases, or signs) mixed, long enough, and not an id, an address or a size's name."""
    bare = value.strip(".,;:!?'\"`)(")
    if len(bare) < 16 or re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", bare):
        return False
    if bare.count("-") >= 2 or re.fullmatch(r"(?:[a-z]+|\d+)(?:[-_./](?:[a-z]+|\d+))*", bare) or "://" in bare:
        return False
    has_digit, has_lower, has_upper = (
        any(map(str.isdigit, bare)),
        any(map(str.islower, bare)),
        any(map(str.isupper, bare)),
    )
    return has_digit + has_lower + has_upper >= 2
