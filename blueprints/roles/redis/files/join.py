"""Makes one cluster of the machines, or takes in those that are new; says "joined" when there was something to do."""

import subprocess
import sys
import time

PORT, REPLICAS, *ADDRESSES = sys.argv[1:]
SECONDS = 60


def redis(address, *words):
    command = ["redis-cli", "-h", address, "-p", PORT, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout  # noqa: S603


def manage(*words):
    command = ["redis-cli", "--cluster", *words, "--cluster-yes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 5, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def known(address):
    lines = [line.split() for line in redis(address, "cluster", "nodes").splitlines()]
    return {line[1].partition(":")[0] for line in lines if "fail" not in line[2].split(",")}


def wait_until_all_agree():
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if all("cluster_state:ok" in redis(address, "cluster", "info") for address in ADDRESSES):
            return
        time.sleep(0.5)
    sys.exit("the machines do not agree on who holds which part")


members = max((known(address) for address in ADDRESSES), key=len)
if len(members) < 2:
    manage("create", *(f"{address}:{PORT}" for address in ADDRESSES), "--cluster-replicas", REPLICAS)
    print("joined")  # noqa: T201
elif new := [address for address in ADDRESSES if address not in members]:
    member = next(address for address in ADDRESSES if address in members)
    for address in new:
        manage("add-node", f"{address}:{PORT}", f"{member}:{PORT}")
    wait_until_all_agree()
    manage("rebalance", f"{member}:{PORT}", "--cluster-use-empty-masters")
    print("joined")  # noqa: T201
wait_until_all_agree()
