"""Signatures, against those that Amazon's own library makes."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from clouddesk.sandbox.aws_auth import is_signed_with, read_signature

BODY = b"Action=RunInstances&Version=2016-11-15&UserData=a%2Fb%3D"


def signed(method: str, url: str, body: bytes) -> Request:
    request = AWSRequest(
        method=method, url=url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    SigV4Auth(Credentials("AKIAANN", "secret"), "ec2", "eu-west-1").add_auth(request)
    environ = EnvironBuilder(
        path=urlsplit(url).path,
        query_string=urlsplit(url).query,
        base_url="http://127.0.0.1:4000",
        method=method,
        data=body,
        headers=dict(request.headers),
    ).get_environ()
    return Request(environ)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "http://127.0.0.1:4000/", BODY),
        ("GET", "http://127.0.0.1:4000/?Action=DescribeTags&Filter.1.Value.1=a%20b%2Bc~d&Empty=", b""),
    ],
)
def test_amazons_own_signature_is_accepted_and_another_secrets_is_not(method: str, url: str, body: bytes) -> None:
    request = signed(method, url, body)
    signature = read_signature(request.headers["Authorization"])
    assert signature is not None
    assert (signature.access_key_id, signature.region, signature.service) == ("AKIAANN", "eu-west-1", "ec2")
    assert is_signed_with("secret", request, body, signature)
    assert not is_signed_with("Secret", request, body, signature)


def test_changed_request_is_not_accepted() -> None:
    request = signed("POST", "http://127.0.0.1:4000/", BODY)
    signature = read_signature(request.headers["Authorization"])
    assert signature is not None
    assert not is_signed_with("secret", request, BODY.replace(b"Run", b"Terminate"), signature)


@pytest.mark.parametrize("header", ["", "Bearer x", "AWS4-HMAC-SHA256 nonsense", "AWS4-HMAC-SHA256 Credential=a/b"])
def test_what_is_no_signature_is_none(header: str) -> None:
    assert read_signature(header) is None
