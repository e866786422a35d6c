"""What Vultr answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.rest import ApiError


def refusal(error: str, status: int = 400) -> ApiError:
    """An error as Vultr words it."""
    return ApiError(status, {"error": error, "status": status})


def not_found(what: str = "resource") -> ApiError:
    return refusal(f"Invalid {what}-id", 404)


def unauthorized() -> ApiError:
    return refusal("Invalid API token.", 401)


def over_limit() -> ApiError:
    return refusal(
        "You have reached the maximum number of active virtual machines for this account. Please contact our support"
        " team to have the limit raised."
    )


def no_capacity() -> ApiError:
    return refusal("The selected plan is not available in the selected region.")


def too_many_requests() -> ApiError:
    return refusal("Rate limit exceeded", 429)


def server_error() -> ApiError:
    return refusal("Internal Server Error", 500)


REFUSALS = {
    faults.UNAUTHORIZED: unauthorized,
    faults.QUOTA: over_limit,
    faults.NO_CAPACITY: no_capacity,
    faults.RATE_LIMIT: too_many_requests,
    faults.SERVER_ERROR: server_error,
}
"""How it tells of each kind of fault."""
