"""The simulated Azure: Resource Manager and the login by a server of our own, with the sizes of the price lists.

``python -m clouddesk.sandbox.azure --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import time

from clouddesk.sandbox.azure_app import AzureApp
from clouddesk.sandbox.server import options, serve


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-azure", options("Azure", lists_ended_machines=False), AzureApp, begun=begun)


if __name__ == "__main__":
    main()
