"""A value written through each machine is read through the next."""

import subprocess
import sys
import time
import uuid

PORT, IS_CLUSTER, FIRST, *ADDRESSES = sys.argv[1:]
SECONDS = 30


def redis(address, *words):
    command = ["redis-cli", "-h", address, "-p", PORT, *(["-c"] if IS_CLUSTER == "True" else []), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout.strip()  # noqa: S603


for number, address in enumerate(ADDRESSES):
    key, value = f"clouddesk-check-{number}", uuid.uuid4().hex
    # Replicas of a single primary only read.
    answer = redis(address if IS_CLUSTER == "True" else FIRST, "set", key, value, "ex", "60")
    if answer != "OK":
        sys.exit(f"{address} does not take a value: {answer}")
    reader = ADDRESSES[(number + 1) % len(ADDRESSES)]
    end = time.monotonic() + SECONDS
    while redis(reader, "get", key) != value:
        if time.monotonic() > end:
            sys.exit(f"{reader} does not have what was written through {address}")
        time.sleep(0.2)
if len(ADDRESSES) == 1:
    print("a value that was written was read again")  # noqa: T201
else:
    print(f"values written through each of {len(ADDRESSES)} machines were read through another")  # noqa: T201
