"""The simulated AWS: EC2, STS and CloudWatch by moto, behind the wrapper that makes it answer as Amazon does.

``python -m clouddesk.sandbox.aws --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from clouddesk.sandbox.server import Options, options, serve

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ACCOUNT = "123456789012"


def make_app(start: Options) -> WSGIApplication:
    """The application, with the machines of its data folder back in place."""
    # moto reads these while it is imported, hence the late import.
    os.environ.update(
        MOTO_ACCOUNT_ID=ACCOUNT,
        MOTO_ENABLE_AMI_VALIDATION="true",
        MOTO_ENABLE_KEYPAIR_VALIDATION="true",
        MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
        MOTO_EC2_LOAD_DEFAULT_AMIS="false",
        MOTO_DISABLE_GLOBAL_CORS="true",
        MOTO_PORT=str(start.port),
    )
    from clouddesk.sandbox.aws_app import AwsApp

    return AwsApp(start)


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-aws", options("AWS", lists_ended_machines=True), make_app, begun=begun)


if __name__ == "__main__":
    main()
