"""Vendors' errors → ours, and the retries that are safe."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import TypeVar
from xml.etree.ElementTree import ParseError

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError as ParserError
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError, MalformedResponseError
from requests.exceptions import RequestException
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from clouddesk.model.errors import (
    CredentialsRejected,
    NoCapacity,
    ProviderDown,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.providers.table import PROVIDERS

T = TypeVar("T")

ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 15.0
"""A cloud that asks for a longer pause gets it from the workflow, which can wait without holding a thread."""

_BACK_OFF = wait_exponential(multiplier=0.3, max=4) + wait_random(0, 0.3)
_VENDOR_TEXT_LENGTH = 300
_VENDOR_ERRORS = (
    LibcloudError, BaseHTTPError, RequestException, BotoCoreError, ClientError, OSError, http.client.HTTPException,
    # An answer that was cut off.
    ParserError, ParseError, JSONDecodeError,
)  # fmt: skip

_CREDENTIALS = {
    "AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnauthorizedOperation", "AccessDenied",
    "AccessDeniedException", "OptInRequired", "MissingAuthenticationToken", "IncompleteSignature", "ExpiredToken",
    "InvalidAccessKeyId", "UnrecognizedClientException", "Blocked", "PendingVerification",
}  # fmt: skip
_QUOTA = {
    "InstanceLimitExceeded", "VcpuLimitExceeded", "VolumeLimitExceeded", "MaxSpotInstanceCountExceeded",
    "ResourceLimitExceeded", "AddressLimitExceeded", "SnapshotLimitExceeded", "InsufficientFreeAddressesInSubnet",
    "SecurityGroupLimitExceeded", "RulesPerSecurityGroupLimitExceeded",
}  # fmt: skip
_CAPACITY = {
    "InsufficientInstanceCapacity", "InsufficientCapacity", "InsufficientHostCapacity", "SpotMaxPriceTooLow",
    "InsufficientReservedInstanceCapacity", "Unsupported",
}  # fmt: skip
_RATE = {
    "RequestLimitExceeded", "Throttling", "ThrottlingException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "EC2ThrottledException", "SlowDown",
}  # fmt: skip
# Those that pass by themselves: Amazon's own trouble, a machine between two states, or one so new that not all of
# Amazon's servers know it yet.
_PASSING = {
    "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout",
    "IncorrectInstanceState", "IncorrectState", "InvalidInstanceID.NotFound", "InvalidGroup.NotFound",
    "VolumeInUse", "SnapshotCreationPerVolumeRateExceeded", "ConcurrentSnapshotLimitExceeded",
}  # fmt: skip


@contextmanager
def translated(provider: str) -> Iterator[None]:
    """Turn a vendor's errors into ours; what no vendor raises is a bug and passes through."""
    try:
        yield
    except _VENDOR_ERRORS as error:
        raise translate(provider, error) from error


def retrying(call: Callable[[], T]) -> T:
    """Call again, with back-off, while the error is one that passes. Only for calls that are idempotent."""
    return Retrying(
        retry=retry_if_exception(_is_worth_waiting_for),
        wait=_pause_seconds,
        stop=stop_after_attempt(ATTEMPTS),
        reraise=True,
    )(call)


def translate(provider: str, error: Exception) -> ProviderError:
    """The fact that a vendor's error stands for."""
    text = _text(error)[:_VENDOR_TEXT_LENGTH]
    if isinstance(error, InvalidCredsError):
        return CredentialsRejected(provider, text)
    if isinstance(error, ClientError):
        facts = error.response
        return _by_code(provider, facts["Error"].get("Code", ""), facts["ResponseMetadata"]["HTTPStatusCode"], text, {})
    if isinstance(error, BaseHTTPError):
        return _by_code(provider, text.partition(":")[0], int(error.code), text, error.headers or {})
    if isinstance(error, LibcloudError) and not isinstance(error, MalformedResponseError):
        return RequestRejected(provider, text)
    # No connection, a time-out, an answer that is no answer.
    return ProviderDown(provider, text)


def _by_code(provider: str, code: str, status: int, text: str, headers: dict[str, str]) -> ProviderError:
    said = text.lower()
    meant = _of_provider(provider, f"{status} {text}")
    if meant is not None and not issubclass(meant, RateLimited):
        return meant(provider, text)
    if code in _RATE or status == 429 or meant is not None:
        return RateLimited(provider, text, retry_after_seconds=_seconds(headers.get("retry-after")))
    if code in _QUOTA or (status in (403, 422) and "limit" in said):
        return QuotaExceeded(provider, text)
    if code in _CREDENTIALS or status in (401, 403):
        return CredentialsRejected(provider, text)
    if code in _CAPACITY or (status == 422 and ("not available" in said or "unavailable" in said)):
        return NoCapacity(provider, text)
    if code in _PASSING or status >= 500 or "pending event" in said:
        return ProviderDown(provider, text)
    return RequestRejected(provider, text)


def _of_provider(provider: str, said: str) -> type[ProviderError] | None:
    patterns = PROVIDERS[provider].errors if provider in PROVIDERS else ()
    return next((item.error for item in patterns if re.search(item.pattern, said, re.IGNORECASE)), None)


def _text(error: Exception) -> str:
    """The vendor's words, without libcloud's repr around them."""
    for attribute in ("message", "value"):
        words = getattr(error, attribute, None)
        if isinstance(words, str) and words:
            return words
    return str(error) or type(error).__name__


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None


def _is_worth_waiting_for(error: BaseException) -> bool:
    if isinstance(error, RateLimited):
        return (error.retry_after_seconds or 0.0) <= LONGEST_WAIT_SECONDS
    return isinstance(error, ProviderError) and error.is_retryable


def _pause_seconds(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, RateLimited) else None
    return (asked or 0.0) + _BACK_OFF(state)
