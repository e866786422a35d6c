"""Checks that a request was signed with a known key: Signature Version 4, as Amazon's servers do it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from werkzeug.wrappers import Request

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signature:
    """The Authorization header, taken apart."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read_signature(header: str) -> Signature | None:
    """None when there is no signature of this kind."""
    if not header.startswith(ALGORITHM):
        return None
    fields = dict(part.strip().partition("=")[::2] for part in header.removeprefix(ALGORITHM).split(","))
    scope = fields.get("Credential", "").split("/")
    if len(scope) != 5 or "SignedHeaders" not in fields or "Signature" not in fields:
        return None
    return Signature(
        access_key_id=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
    )


def is_signed_with(secret: str, request: Request, body: bytes, signature: Signature) -> bool:
    """Whether the owner of ``secret`` has signed exactly this request."""
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    canonical = _canonical_request(request, body, signature)
    to_sign = "\n".join((ALGORITHM, request.headers.get("X-Amz-Date", ""), scope, _sha256(canonical.encode())))
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature.signature)


def _canonical_request(request: Request, body: bytes, signature: Signature) -> str:
    pairs = parse_qsl(request.query_string.decode(), keep_blank_values=True)
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(pairs))
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signature.signed_headers
    )
    payload = request.headers.get("X-Amz-Content-SHA256") or _sha256(body)
    path = quote(request.path, safe="/-_.~")
    return "\n".join((request.method, path, query, headers, ";".join(signature.signed_headers), payload))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
