"""What AWS answers when it says no: the codes, statuses and shapes of its query services."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from clouddesk.sandbox import faults


@dataclass(frozen=True)
class AwsError:
    """An error as Amazon names it."""

    status: int
    code: str
    message: str


NO_TOKEN = AwsError(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
UNKNOWN_KEY = AwsError(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
WRONG_SECRET = AwsError(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details.",
)
# EC2 says the same of an unknown key and of a wrong secret.
EC2_AUTH = AwsError(401, "AuthFailure", "AWS was not able to validate the provided access credentials")

NO_RIGHT_TO_BILLS = AwsError(
    400,
    "AccessDeniedException",
    "User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: ce:GetCostAndUsage on resource:"
    " arn:aws:ce:us-east-1:123456789012:/GetCostAndUsage because no identity-based policy allows the"
    " ce:GetCostAndUsage action",
)

_QUOTA = AwsError(
    400,
    "VcpuLimitExceeded",
    "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the"
    " specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an"
    " adjustment to this limit.",
)
_NO_CAPACITY = (
    "We currently do not have sufficient {size} capacity in the Availability Zone you requested ({region}a). Our system"
    " will be working on provisioning additional capacity. You can currently get {size} capacity by not specifying an"
    " Availability Zone in your request or choosing {region}b, {region}c."
)


def fault_error(kind: str, *, service: str, region: str, size: str) -> AwsError:
    """The error by which AWS shows this kind of trouble."""
    if kind == faults.UNAUTHORIZED and service == "ce":
        return NO_RIGHT_TO_BILLS
    if kind == faults.UNAUTHORIZED:
        return EC2_AUTH if service == "ec2" else UNKNOWN_KEY
    if kind == faults.QUOTA:
        return _QUOTA
    if kind == faults.NO_CAPACITY:
        return AwsError(500, "InsufficientInstanceCapacity", _NO_CAPACITY.format(size=size, region=region))
    if kind == faults.RATE_LIMIT:
        if service == "ec2":
            return AwsError(503, "RequestLimitExceeded", "Request limit exceeded.")
        return AwsError(400, "Throttling", "Rate exceeded")
    return AwsError(500, "InternalError" if service == "ec2" else "InternalFailure", "An internal error has occurred")


def error_response(error: AwsError, *, service: str, retry_after_seconds: float | None = None) -> Response:
    """The error in the shape that the service gives it."""
    request_id = str(uuid.uuid4())
    code, message = escape(error.code), escape(error.message)
    if service == "ec2":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        content_type = "text/xml;charset=UTF-8"
    elif service == "sts":
        body = (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
            f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        content_type = "text/xml"
    else:
        body = json.dumps({"__type": error.code, "message": error.message})
        content_type = "application/x-amz-json-1.0"
    response = Response(body, status=error.status, content_type=content_type)
    response.headers["x-amzn-RequestId"] = request_id
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = f"{retry_after_seconds:g}"
    return response
