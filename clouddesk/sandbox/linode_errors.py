"""What Linode answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.rest import ApiError, retry_after


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


def fault_error(fault: Fault) -> ApiError:
    """The error by which Linode shows this kind of trouble."""
    if fault.kind == faults.UNAUTHORIZED:
        return unauthorized()
    if fault.kind == faults.QUOTA:
        return over_limit()
    if fault.kind == faults.NO_CAPACITY:
        return no_capacity()
    if fault.kind == faults.RATE_LIMIT:
        said = {"errors": [{"reason": "Too Many Requests"}]}
        return ApiError(429, said, headers={"Retry-After": retry_after(fault)})
    return refusal("Internal Server Error", status=500)
