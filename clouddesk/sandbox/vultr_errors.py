"""What Vultr answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.rest import ApiError, retry_after


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


def fault_error(fault: Fault) -> ApiError:
    """The error by which Vultr shows this kind of trouble."""
    if fault.kind == faults.UNAUTHORIZED:
        return unauthorized()
    if fault.kind == faults.QUOTA:
        return over_limit()
    if fault.kind == faults.NO_CAPACITY:
        return no_capacity()
    if fault.kind == faults.RATE_LIMIT:
        said = {"error": "Rate limit exceeded", "status": 429}
        return ApiError(429, said, headers={"Retry-After": retry_after(fault)})
    return refusal("Internal Server Error", 500)
