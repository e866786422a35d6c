"""What Linode answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.rest import ApiError


def refusal(reason: str, field: str = "", *, status: int = 400) -> ApiError:
    """An error as Linode names it: a reason, and the field that it is about."""
    error = {"reason": reason, "field": field} if field else {"reason": reason}
    return ApiError(status, {"errors": [error]})


def not_found() -> ApiError:
    return refusal("Not found", status=404)


def unauthorized() -> ApiError:
    return refusal("Invalid Token", status=401)


def busy() -> ApiError:
    return refusal("Linode busy.")


def over_limit() -> ApiError:
    return refusal("Account Limit reached. Please open a support ticket.")


def no_capacity() -> ApiError:
    return refusal("Insufficient capacity for the selected plan in this region.", "region")


def too_many_requests() -> ApiError:
    return refusal("Too Many Requests", status=429)


def server_error() -> ApiError:
    return refusal("Internal Server Error", status=500)


REFUSALS = {
    faults.UNAUTHORIZED: unauthorized,
    faults.QUOTA: over_limit,
    faults.NO_CAPACITY: no_capacity,
    faults.RATE_LIMIT: too_many_requests,
    faults.SERVER_ERROR: server_error,
}
"""How it tells of each kind of fault."""
