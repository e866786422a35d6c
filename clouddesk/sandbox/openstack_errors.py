"""What OpenStack's services answer when they say no, each in its own words."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.rest import ApiError, retry_after

_NAMES = {
    400: "badRequest",
    403: "forbidden",
    404: "itemNotFound",
    409: "conflictingRequest",
    413: "overLimit",
    429: "overLimit",
    500: "computeFault",
}


def refusal(status: int, said: str, *, headers: dict[str, str] | None = None) -> ApiError:
    """Nova's and Cinder's."""
    return ApiError(status, {_NAMES[status]: {"code": status, "message": said}}, headers=headers)


def of_network(status: int, kind: str, said: str) -> ApiError:
    return ApiError(status, {"NeutronError": {"type": kind, "message": said, "detail": ""}})


def of_image(status: int, title: str, said: str) -> ApiError:
    """Glance's, to who asks for JSON."""
    return ApiError(status, {"code": f"{status} {title}", "title": title, "message": f"{said}<br /><br />\n\n\n"})


def unauthorized() -> ApiError:
    said = "The request you have made requires authentication."
    return ApiError(401, {"error": {"code": 401, "message": said, "title": "Unauthorized"}})


def fault_error(fault: Fault) -> ApiError:
    """The error by which OpenStack shows this kind of trouble."""
    if fault.kind == faults.UNAUTHORIZED:
        return unauthorized()
    if fault.kind == faults.QUOTA:
        return refusal(403, "Quota exceeded for instances: Requested 1, but already used 300 of 300 instances")
    if fault.kind == faults.RATE_LIMIT:
        headers = {"Retry-After": retry_after(fault)}
        return refusal(429, "This request was rate-limited.", headers=headers)
    said = (
        "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if"
        " possible.\n<class 'oslo_messaging.exceptions.MessagingTimeout'>"
    )
    return refusal(500, said)
