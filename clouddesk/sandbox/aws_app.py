"""The wrapper around moto: who asks, faults, what EC2's clients expect of an answer, and saving before answering.

Import it only after moto's environment is set (``clouddesk.sandbox.aws``).
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

import structlog
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import aws_belongings as _aws_belongings  # noqa: F401 - adapts moto
from clouddesk.sandbox import aws_moto, aws_own_images, control, faults
from clouddesk.sandbox.aws import ACCOUNT
from clouddesk.sandbox.aws_auth import Signature, is_signed_with, read_signature
from clouddesk.sandbox.aws_cost_explorer import BadQuestion, get_cost_and_usage
from clouddesk.sandbox.aws_errors import (
    EC2_AUTH,
    NO_TOKEN,
    UNKNOWN_KEY,
    WRONG_SECRET,
    AwsError,
    error_response,
    fault_error,
)
from clouddesk.sandbox.aws_lives import Lives
from clouddesk.sandbox.aws_store import Ec2Store
from clouddesk.sandbox.faults import Fate
from clouddesk.sandbox.keys import Keys, make_aws_key
from clouddesk.sandbox.server import Cut, Options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OPERATOR_KEY = {"access_key_id": "AKIASANDBOXOPERATOR0", "secret_access_key": "sandbox-operator-secret-key"}

# The same names on every simulated cloud, so that one fault can be written for all.
_COMMON_NAMES = {
    "RunInstances": faults.CREATE,
    "CreateImage": faults.KEEP,
    "TerminateInstances": "destroy",
    "DescribeInstances": "list",
    "StopInstances": "stop",
    "StartInstances": "start",
    "RebootInstances": "reboot",
    "GetCallerIdentity": "account",
    "GetCostAndUsage": faults.BILL,
}
_READING = ("Describe", "Get", "List")

logger = structlog.get_logger()


@dataclass(frozen=True)
class Call:
    """A request to one of Amazon's services."""

    service: str
    region: str
    operation: str
    parameters: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        common = _COMMON_NAMES.get(self.operation)
        return (self.operation,) if common is None else (self.operation, common)


class AwsApp:
    """The WSGI application."""

    def __init__(self, start: Options) -> None:
        aws_moto.boot_takes(start.boot_seconds)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._store = Ec2Store(start.data, ACCOUNT, forget_seconds=start.forget_seconds)
        self._store.load()
        self._lives = Lives(start.data / "lives.sqlite")
        for region, backend in list(ec2_backends[ACCOUNT].items()):
            self._lives.look(backend, region)
        self._faults = faults.Faults()
        self._keys = Keys(
            start.data / "credentials.json", identify="access_key_id", operator=OPERATOR_KEY, make=make_aws_key
        )
        self._control = control.Control(cloud="aws", keys=self._keys, faults=self._faults, machines=self._machines)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(control.PREFIX):
            return self._control.answer(request)
        body = request.get_data(cache=True, parse_form_data=False)
        if request.path.startswith("/moto-api"):
            return self._ask_moto_itself(request, body)
        signature = read_signature(request.headers.get("Authorization", ""))
        call = _read_call(request, body, signature)
        fault = self._faults.take(call.names, call.region)
        if fault is not None:
            logger.info("sandbox.fault", kind=fault.kind, operation=call.operation, region=call.region)
            if fault.kind == faults.DOWN:
                raise Cut
            if fault.kind == faults.SLOW:
                time.sleep(fault.seconds)
            elif fault.kind not in (faults.DROP_AFTER_ACCEPT, faults.UNTAGGED_BILL):
                size = call.parameters.get("InstanceType", "")
                error = fault_error(fault.kind, service=call.service, region=call.region, size=size)
                return error_response(error, service=call.service, retry_after_seconds=fault.retry_after_seconds)
        owner, refusal = self._identify(request, body, signature, call)
        if refusal is not None:
            logger.info("sandbox.refused", code=refusal.code, operation=call.operation)
            return error_response(refusal, service=call.service)
        if call.operation == "GetCostAndUsage":
            has_tags = fault is None or fault.kind != faults.UNTAGGED_BILL
            response = self._tell_costs(request, has_tags=has_tags)
        else:
            response = self._do(request, body, call, owner, self._faults.fate(call.names, call.region))
        if fault is not None and fault.kind == faults.DROP_AFTER_ACCEPT:
            raise Cut
        return response

    def _identify(
        self, request: Request, body: bytes, signature: Signature | None, call: Call
    ) -> tuple[str, AwsError | None]:
        """Who asks, or how AWS refuses."""
        if signature is None:
            return "", NO_TOKEN
        found = self._keys.find(signature.access_key_id)
        if found is None:
            return "", EC2_AUTH if call.service == "ec2" else UNKNOWN_KEY
        owner, key = found
        if not is_signed_with(key["secret_access_key"], request, body, signature):
            return owner, EC2_AUTH if call.service == "ec2" else WRONG_SECRET
        return owner, None

    def _do(self, request: Request, body: bytes, call: Call, owner: str, fate: Fate) -> Response:
        """Let moto do it, save what changed, and make the answer one that clients of AWS can read."""
        if call.service == "ec2" and call.operation in _COMPLETIONS:
            request, body = _with_parameters(request, _COMPLETIONS[call.operation](call.parameters))
        reads = call.operation.startswith(_READING)
        with self._store.lock:
            self._store.forget()
            try:
                response = self._ask_moto(request, body)
            except NotImplementedError as missing:
                return error_response(AwsError(400, "UnsupportedOperation", str(missing)), service=call.service)
            if fate != Fate():
                _suffer(fate, call, response)
            must_save = call.service == "ec2" and (not reads or self._store.is_new(call.region))
            if must_save:
                self._store.changed(call.region)
                self._lives.look(ec2_backends[ACCOUNT][call.region], call.region)
        if must_save and response.status_code < 500:
            self._store.save(call.region)
        if not reads:
            logger.info(
                "sandbox.request",
                operation=call.operation,
                region=call.region,
                owner=owner,
                status=response.status_code,
            )
        return _as_amazon(response, call, owner)

    def _tell_costs(self, request: Request, *, has_tags: bool) -> Response:
        """moto's Cost Explorer only gives back what it was told."""
        question = request.get_json(force=True, silent=True)
        try:
            with self._store.lock:
                answer = get_cost_and_usage(
                    question if isinstance(question, dict) else {}, self._lives.all(), has_tags=has_tags
                )
        except BadQuestion as refusal:
            return error_response(refusal.error, service="ce")
        return Response(json.dumps(answer), content_type="application/x-amz-json-1.1")

    def _ask_moto(self, request: Request, body: bytes) -> Response:
        request.environ["wsgi.input"] = io.BytesIO(body)
        request.environ["CONTENT_LENGTH"] = str(len(body))
        return Response.from_app(self._moto, request.environ, buffered=True)

    def _ask_moto_itself(self, request: Request, body: bytes) -> Response:
        with self._store.lock:
            response = self._ask_moto(request, body)
        if request.path.rstrip("/").endswith("/reset"):
            self._store.reset()
        return response

    def _machines(self) -> list[dict[str, object]]:
        with self._store.lock:
            self._store.forget()
            return aws_moto.machines(ACCOUNT)


def _read_call(request: Request, body: bytes, signature: Signature | None) -> Call:
    form = request.method == "POST" and "x-www-form-urlencoded" in request.headers.get("Content-Type", "")
    text = body.decode("utf-8", "replace") if form else request.query_string.decode()
    parameters = dict(parse_qsl(text, keep_blank_values=True))
    operation = parameters.get("Action") or request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    return Call(
        service=signature.service if signature else "ec2",
        region=signature.region if signature else "us-east-1",
        operation=operation or request.path.rpartition("/")[2],
        parameters=parameters,
    )


def _suffer(fate: Fate, call: Call, response: Response) -> None:
    order = re.search(rb"<reservationId>([^<]+)</reservationId>", response.get_data())
    if order is not None:
        aws_moto.suffer(fate, ACCOUNT, call.region, order[1].decode())
    image = re.search(rb"<imageId>([^<]+)</imageId>", response.get_data())
    if image is not None and call.operation == "CreateImage":
        aws_own_images.suffer(fate, ACCOUNT, call.region, image[1].decode())


def _complete_order(parameters: dict[str, str]) -> dict[str, str]:
    """EC2 makes as many machines as are wanted at most, and a root disk goes with its machine. moto does neither."""
    order = dict(parameters)
    order["MinCount"] = order.get("MaxCount") or order.get("MinCount") or "1"
    for name, value in parameters.items():
        device = re.fullmatch(r"(BlockDeviceMapping\.\d+)\.DeviceName", name)
        if device and value in ("/dev/sda1", "/dev/xvda"):
            order.setdefault(f"{device[1]}.Ebs.DeleteOnTermination", "true")
    return order


def _complete_list(parameters: dict[str, str]) -> dict[str, str]:
    """EC2 gives a thousand at once to who sets no limit (libcloud reads one page only), moto a hundred."""
    if "InstanceId.1" in parameters:
        return parameters
    return {"MaxResults": "1000", **parameters}


_COMPLETIONS = {"RunInstances": _complete_order, "DescribeInstances": _complete_list}


def _with_parameters(request: Request, parameters: dict[str, str]) -> tuple[Request, bytes]:
    """The request with other parameters, in the place where they were."""
    encoded = urlencode(parameters)
    if request.method == "POST":
        return request, encoded.encode()
    return Request({**request.environ, "QUERY_STRING": encoded, "REQUEST_URI": f"{request.path}?{encoded}"}), b""


def _as_amazon(response: Response, call: Call, owner: str) -> Response:
    """moto's namespaces are not those that libcloud looks for, and its caller has no name of ours."""
    if call.service == "ec2":
        text = response.get_data()
        text = text.replace(b'2016-11-15"', b'2016-11-15/"')
        response.set_data(re.sub(rb"<Response xmlns=\"[^\"]*\">", b"<Response>", text))
    elif call.operation == "GetCallerIdentity":
        name = f":iam::{ACCOUNT}:user/{escape(owner)}<"
        response.set_data(response.get_data().replace(f":sts::{ACCOUNT}:user/moto<".encode(), name.encode()))
    return response
