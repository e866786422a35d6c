"""The simulated Linode: its API v4 by a server of our own, with Linode's types and prices.

``python -m clouddesk.sandbox.linode --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import time

from clouddesk.sandbox.linode_app import LinodeApp
from clouddesk.sandbox.server import options, serve


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-linode", options("Linode", lists_ended_machines=False), LinodeApp, begun=begun)


if __name__ == "__main__":
    main()
