"""What DigitalOcean answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults


class ApiError(Exception):
    """An error as DigitalOcean names it: status, id and message."""

    def __init__(self, status: int, id: str, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.id = id
        self.message = message
        self.retry_after_seconds = retry_after_seconds


def unauthorized() -> ApiError:
    return ApiError(401, "unauthorized", "Unable to authenticate you")


def not_found() -> ApiError:
    return ApiError(404, "not_found", "The resource you were accessing could not be found.")


def unprocessable(message: str) -> ApiError:
    return ApiError(422, "unprocessable_entity", message)


def over_limit() -> ApiError:
    return unprocessable("creating this/these droplet(s) will exceed your droplet limit")


def fault_error(kind: str, *, retry_after_seconds: float | None) -> ApiError:
    """The error by which DigitalOcean shows this kind of trouble."""
    if kind == faults.UNAUTHORIZED:
        return unauthorized()
    if kind == faults.QUOTA:
        return over_limit()
    if kind == faults.NO_CAPACITY:
        return unprocessable("Size is not available in this region.")
    if kind == faults.RATE_LIMIT:
        wait = 1.0 if retry_after_seconds is None else retry_after_seconds
        return ApiError(429, "too_many_requests", "API Rate limit exceeded.", retry_after_seconds=wait)
    return ApiError(500, "server_error", "Unexpected server-side error")
