"""What Azure answers when it says no."""

from __future__ import annotations

from clouddesk.sandbox import faults
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.rest import ApiError, retry_after

NO_PLACE = (
    "AllocationFailed",
    "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about "
    "improving likelihood of allocation success at https://aka.ms/allocation-guidance",
)


def refusal(status: int, code: str, message: str) -> ApiError:
    """An error as Resource Manager shapes it."""
    return ApiError(status, {"error": {"code": code, "message": message}})


def bad_parameter(message: str, code: str = "InvalidParameter") -> ApiError:
    return refusal(400, code, message)


def conflict(message: str, code: str = "Conflict") -> ApiError:
    return refusal(409, code, message)


def no_group(name: str) -> ApiError:
    return refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def no_resource(kind: str, name: str, group: str) -> ApiError:
    said = f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
    return refusal(404, "ResourceNotFound", said)


def over_quota(what: str, *, limit: int, used: int, more: int) -> ApiError:
    return conflict(
        f"Operation could not be completed as it results in exceeding approved {what} quota. Additional details - "
        f"Deployment Model: Resource Manager, Current Limit: {limit}, Current Usage: {used}, Additional Required: "
        f"{more}, (Minimum) New Limit Required: {used + more}.",
        "OperationNotAllowed",
    )


def bad_token() -> ApiError:
    return refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")


def login_refused(number: int, error: str, message: str) -> ApiError:
    """An error as Microsoft Entra shapes it."""
    status = 401 if error == "invalid_client" else 400
    said = {"error": error, "error_description": f"AADSTS{number}: {message}", "error_codes": [number]}
    return ApiError(status, said)


def fault_error(fault: Fault, *, size: str, region: str) -> ApiError:
    """The error by which Azure shows this kind of trouble."""
    if fault.kind == faults.UNAUTHORIZED:
        return bad_token()
    if fault.kind == faults.QUOTA:
        return over_quota("Total Regional Cores", limit=10, used=10, more=1)
    if fault.kind == faults.NO_CAPACITY:
        said = (
            f"The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: {size}' is "
            f"currently not available in location '{region}'. Please try another size or another location."
        )
        return conflict(said, "SkuNotAvailable")
    if fault.kind == faults.RATE_LIMIT:
        said = "The request is being throttled as the limit has been reached for the operation."
        refused = refusal(429, "TooManyRequests", said)
        return ApiError(429, refused.content, headers={"Retry-After": retry_after(fault)})
    return refusal(500, "InternalServerError", "Encountered internal server error.")
