"""Workers get no more work, and hand over what they hold; they are to be stopped next."""

import sys

from distributed import Client

ADDRESS, *NAMES = sys.argv[1:]

with Client(ADDRESS, timeout=30) as client:
    client.retire_workers(names=NAMES, close_workers=False, remove=False)
