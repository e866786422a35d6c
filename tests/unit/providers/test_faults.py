"""Vendors' errors → the facts that people are told."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError
from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError
from libcloud.common.types import InvalidCredsError, MalformedResponseError

from clouddesk.model.errors import (
    CredentialsRejected,
    NoCapacity,
    ProviderDown,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.providers import faults


def sts(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        (InvalidCredsError("AuthFailure: no"), CredentialsRejected),
        (BaseHTTPError(403, "UnauthorizedOperation: You are not authorized"), CredentialsRejected),
        (BaseHTTPError(403, "You do not have access for the attempted action. (code: 403)"), CredentialsRejected),
        (sts("InvalidClientTokenId", 403), CredentialsRejected),
        (sts("Throttling", 400), RateLimited),
        (sts("InternalFailure", 500), ProviderDown),
        (BaseHTTPError(400, "VcpuLimitExceeded: You have requested more"), QuotaExceeded),
        (BaseHTTPError(400, "InstanceLimitExceeded: You have requested more"), QuotaExceeded),
        (BaseHTTPError(400, "SecurityGroupLimitExceeded: The maximum number of groups"), QuotaExceeded),
        (BaseHTTPError(400, "InvalidGroup.NotFound: The security group 'sg-1' does not exist"), ProviderDown),
        (
            BaseHTTPError(422, "creating this/these droplet(s) will exceed your droplet limit (code: 422)"),
            QuotaExceeded,
        ),
        (BaseHTTPError(500, "InsufficientInstanceCapacity: We currently do not have"), NoCapacity),
        (BaseHTTPError(422, "Size is not available in this region. (code: 422)"), NoCapacity),
        (BaseHTTPError(503, "RequestLimitExceeded: Request limit exceeded."), RateLimited),
        (RateLimitReachedError(headers={"retry-after": "7"}), RateLimited),
        (BaseHTTPError(500, "InternalError: An internal error has occurred"), ProviderDown),
        (BaseHTTPError(502, ""), ProviderDown),
        (BaseHTTPError(422, "Droplet already has a pending event. (code: 422)"), ProviderDown),
        (BaseHTTPError(400, "IncorrectInstanceState: The instance is not in a state"), ProviderDown),
        (requests.ConnectionError("refused"), ProviderDown),
        (requests.ReadTimeout("slow"), ProviderDown),
        (MalformedResponseError("Failed to parse XML", body="<html>"), ProviderDown),
        (EndpointConnectionError(endpoint_url="http://x"), ProviderDown),
        (ResponseParserError("invalid XML received b''"), ProviderDown),
        (ElementTree.ParseError("no element found: line 1, column 0"), ProviderDown),
        (json.JSONDecodeError("Expecting value", "", 0), ProviderDown),
        (BaseHTTPError(400, "InvalidAMIID.NotFound: The image id does not exist"), RequestRejected),
        (BaseHTTPError(422, "You specified an invalid size for Droplet creation. (code: 422)"), RequestRejected),
    ],
)
def test_an_error_is_named_by_its_fact(error: Exception, fact: type[ProviderError]) -> None:
    assert type(faults.translate("aws", error)) is fact


@pytest.mark.parametrize(
    ("provider", "error", "fact"),
    [
        ("linode", BaseHTTPError(401, "Invalid Token"), CredentialsRejected),
        ("linode", BaseHTTPError(403, "Unauthorized"), CredentialsRejected),
        ("linode", BaseHTTPError(400, "Account Limit reached. Please open a support ticket."), QuotaExceeded),
        ("linode", BaseHTTPError(400, "Insufficient capacity for the selected plan in this region."), NoCapacity),
        ("linode", BaseHTTPError(400, "Linode busy."), ProviderDown),
        ("linode", BaseHTTPError(408, "Please try again"), ProviderDown),
        ("linode", RateLimitReachedError(headers={"retry-after": "7"}), RateLimited),
        ("linode", BaseHTTPError(400, "A valid plan type by that ID was not found (type)"), RequestRejected),
        ("vultr", BaseHTTPError(401, "Invalid API token."), CredentialsRejected),
        ("vultr", BaseHTTPError(401, "Unauthorized IP address: 192.0.2.1"), CredentialsRejected),
        (
            "vultr",
            BaseHTTPError(400, "You have reached the maximum number of active virtual machines for this account."),
            QuotaExceeded,
        ),
        (
            "vultr",
            BaseHTTPError(400, "You have reached the maximum monthly fee limit for this account."),
            QuotaExceeded,
        ),
        ("vultr", BaseHTTPError(400, "The selected plan is not available in the selected region."), NoCapacity),
        ("vultr", BaseHTTPError(400, "Server is currently locked"), ProviderDown),
        ("vultr", RateLimitReachedError(headers={"retry-after": "7"}), RateLimited),
        ("vultr", BaseHTTPError(400, "Invalid plan."), RequestRejected),
        ("vultr", BaseHTTPError(503, "Service unavailable"), ProviderDown),
    ],
)
def test_the_words_of_linode_and_vultr_are_named_by_their_fact(
    provider: str, error: Exception, fact: type[ProviderError]
) -> None:
    assert type(faults.translate(provider, error)) is fact


def test_the_pause_that_a_cloud_asks_for_is_kept() -> None:
    error = faults.translate("digitalocean", RateLimitReachedError(headers={"retry-after": "7"}))
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 7


def test_the_vendors_text_is_kept_for_the_log_without_wrapping() -> None:
    error = faults.translate("aws", BaseHTTPError(400, "InvalidParameterValue: bad name"))
    assert error.vendor_text == "InvalidParameterValue: bad name"


def test_a_bug_is_not_disguised_as_a_cloud_error() -> None:
    with pytest.raises(KeyError), faults.translated("aws"):
        {}["instancesSet"]


def test_what_passes_is_tried_again_and_what_does_not_is_not() -> None:
    calls: list[int] = []

    def flaky() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise ProviderDown("aws")
        return "done"

    assert faults.retrying(flaky) == "done"
    assert len(calls) == 3

    def refused() -> None:
        calls.append(1)
        raise CredentialsRejected("aws")

    calls.clear()
    with pytest.raises(CredentialsRejected):
        faults.retrying(refused)
    assert len(calls) == 1


def test_a_long_pause_is_left_to_the_caller() -> None:
    calls: list[int] = []

    def limited() -> None:
        calls.append(1)
        raise RateLimited("aws", retry_after_seconds=faults.LONGEST_WAIT_SECONDS + 1)

    with pytest.raises(RateLimited):
        faults.retrying(limited)
    assert len(calls) == 1
