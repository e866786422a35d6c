"""Our errors on their way through Temporal: into ApplicationErrors in activities, and back into codes and reasons."""

from __future__ import annotations

from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from clouddesk.model.errors import (
    CloudDeskError,
    CredentialsMissing,
    CredentialsRejected,
    NoCapacity,
    ProviderDown,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    Unavailable,
)
from clouddesk.model.reservation import (
    REASON_CREDENTIALS_REJECTED,
    REASON_NO_CAPACITY,
    REASON_PROVIDER_DOWN,
    REASON_PROVISION_FAILED,
    REASON_QUOTA_EXCEEDED,
    REASON_REQUEST_REJECTED,
)

POWER_FAILED = "power_failed"
"""The machines did not come into the state that was asked for."""
TIMED_OUT = "timeout"
NOT_OFF = "not_off"
"""The machines are not all there and off, so that images of their disks would not be worth anything."""
IMAGE_FAILED = "image_failed"
"""The cloud could not make an image of a disk, again and again."""
IMAGES_LEFT = "images_left"
"""Images of an earlier time are there still, and must not be taken for those of now."""
NOTHING_MADE = "nothing made"
"""Detail of a failed provisioning: it failed before any call that makes something was sent."""

_REASONS = {
    NoCapacity.code: REASON_NO_CAPACITY,
    QuotaExceeded.code: REASON_QUOTA_EXCEEDED,
    CredentialsRejected.code: REASON_CREDENTIALS_REJECTED,
    CredentialsMissing.code: REASON_CREDENTIALS_REJECTED,
    ProviderDown.code: REASON_PROVIDER_DOWN,
    RateLimited.code: REASON_PROVIDER_DOWN,
    Unavailable.code: REASON_PROVIDER_DOWN,
    RequestRejected.code: REASON_REQUEST_REJECTED,
}


def as_failure(error: CloudDeskError, *, is_final: bool = True) -> ApplicationError:
    """The error as Temporal keeps it: our code, and nothing of the vendor's words (those are in the log).

    With ``is_final`` False it is retried, whatever it is.
    """
    wait_seconds = getattr(error, "retry_after_seconds", None)
    return ApplicationError(
        error.code,
        type=error.code,
        non_retryable=is_final and not error.is_retryable,
        next_retry_delay=timedelta(seconds=wait_seconds) if wait_seconds else None,
        # Expected, and logged by us: the SDK need not log it once more with a traceback.
        category=ApplicationErrorCategory.BENIGN,
    )


def failure_code(error: BaseException) -> str:
    """Our code from a failed activity; ``timeout`` when it simply did not end in time."""
    failure = _application_error(error)
    return failure.type or REASON_PROVISION_FAILED if failure else TIMED_OUT


def provisioning_reason(error: BaseException) -> str:
    """Why the reservation ends, from the failure of its provisioning."""
    return _REASONS.get(failure_code(error), REASON_PROVISION_FAILED)


def nothing_was_made(error: BaseException) -> bool:
    """The key was missing, or the cloud refused it, before anything was asked to be made."""
    failure = _application_error(error)
    return failure is not None and NOTHING_MADE in failure.details


def _application_error(error: BaseException | None) -> ApplicationError | None:
    while error is not None and not isinstance(error, ApplicationError):
        error = error.__cause__
    return error
