"""What Google says when it says no."""

from __future__ import annotations

from clouddesk.sandbox.rest import ApiError

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def api_error(status: int, reason: str, message: str, *, domain: str = "global", **headers: str) -> ApiError:
    """An error in the shape of Google's JSON APIs."""
    errors = [{"message": message, "domain": domain, "reason": reason}]
    body = {"error": {"code": status, "message": message, "errors": errors, "status": _STATUS[status]}}
    return ApiError(status, body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def oauth_error(error: str, description: str, status: int = 400) -> ApiError:
    """An error in OAuth's own shape."""
    return ApiError(status, {"error": error, "error_description": description})


def unauthenticated() -> ApiError:
    return api_error(
        401,
        "authError",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential.",
        WWW_Authenticate='Bearer realm="https://accounts.google.com/", error="invalid_token"',
    )


def forbidden(permission: str, resource: str) -> ApiError:
    return api_error(403, "forbidden", f"Required '{permission}' permission for '{resource}'")


def not_found(resource: str) -> ApiError:
    return api_error(404, "notFound", f"The resource '{resource}' was not found")


def exists(resource: str) -> ApiError:
    return api_error(409, "alreadyExists", f"The resource '{resource}' already exists")


def invalid(field: str, value: object, why: str) -> ApiError:
    return api_error(400, "invalid", f"Invalid value for field '{field}': '{value}'. {why}")


def too_many(metric: str, limit: int) -> ApiError:
    """Of what a project may have, over all regions."""
    return api_error(403, "quotaExceeded", f"Quota '{metric}' exceeded.  Limit: {limit}.0 globally.")


def in_use(resource: str, user: str) -> ApiError:
    text = f"The resource '{resource}' is already being used by '{user}'"
    return api_error(400, "resourceInUseByAnotherResource", text)


def not_ready(resource: str) -> ApiError:
    return api_error(400, "resourceNotReady", f"The resource '{resource}' is not ready")
