"""The simulated Google Cloud: Compute Engine's API v1 and the exchange of keys for tokens, by a server of our own.

``python -m clouddesk.sandbox.gcp --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import time

from clouddesk.sandbox.gcp_app import GcpApp
from clouddesk.sandbox.server import options, serve


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-gcp", options("Google Cloud", lists_ended_machines=False), GcpApp, begun=begun)


if __name__ == "__main__":
    main()
