"""What DigitalOcean answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.rest import ApiError, retry_after


def refusal(status: int, id: str, message: str) -> ApiError:
    """An error as DigitalOcean names it."""
    return ApiError(status, {"id": id, "message": message})


def unauthorized() -> ApiError:
    return refusal(401, "unauthorized", "Unable to authenticate you")


def not_found() -> ApiError:
    return refusal(404, "not_found", "The resource you were accessing could not be found.")


def unprocessable(message: str) -> ApiError:
    return refusal(422, "unprocessable_entity", message)


def over_limit() -> ApiError:
    return unprocessable("creating this/these droplet(s) will exceed your droplet limit")


def fault_error(fault: Fault) -> ApiError:
    """The error by which DigitalOcean shows this kind of trouble."""
    if fault.kind == faults.UNAUTHORIZED:
        return unauthorized()
    if fault.kind == faults.QUOTA:
        return over_limit()
    if fault.kind == faults.NO_CAPACITY:
        return unprocessable("Size is not available in this region.")
    if fault.kind == faults.RATE_LIMIT:
        said = {"id": "too_many_requests", "message": "API Rate limit exceeded."}
        return ApiError(429, said, headers={"Retry-After": retry_after(fault)})
    return refusal(500, "server_error", "Unexpected server-side error")
