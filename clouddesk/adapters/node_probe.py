"""Tells what the machine on which it runs is doing: one JSON object on standard output.

Fed to a machine's own Python over SSH, as its login user: nothing is installed there, and nothing but this file and the
standard library may be needed. What was counted the time before lies in the user's cache folder, so that shares are of
the time since then. Whatever cannot be learned is left out.

    python3 - NODE [PEER_ADDRESS…]
"""

from __future__ import annotations

import glob
import http.client
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

PROC = "/proc"
FIRST_LOOK_SECONDS = 1.0
"""Between two counts, where nothing was counted before."""
ANSWER_SECONDS = 2.0
MOST_BYTES = 8_000_000
"""Of a page; Ray tells of all jobs that ever ran."""
_LISTENS, _IS_OPEN = "0A", "01"
_SESSION = re.compile(r"sshd(?:-session)?: [^\s\[\]]+")
""" "sshd: ann@pts/0", "sshd: ann" for a mere tunnel; not "sshd: ann [priv]", nor who has not logged in yet."""
_KERNEL = "ipykernel"
_COMPUTING = 0.02
"""Of one core: an open notebook that does nothing takes less."""
_CLIENTS = {
    2379: "etcd",
    3306: "MariaDB",
    4222: "NATS",
    5432: "PostgreSQL",
    5672: "RabbitMQ",
    6379: "Redis",
    9042: "Cassandra",
    9092: "Kafka",
    9200: "search",
    27017: "MongoDB",
}
"""Ports on which somebody's open connection is use."""


class Silent(Exception):
    """Something that has jobs listens, and does not say whether it has any."""


def look(node: str, peers: list[str]) -> dict[str, Any]:
    """Everything. ``peers``: the addresses of the cluster's other machines, whose connections are no use."""
    now = counted()
    before = remembered(node)
    if before is None or before["boot"] != now["boot"]:
        time.sleep(FIRST_LOOK_SECONDS)
        before, now = now, counted()
    remember(node, now)
    seconds = max(now["at"] - before["at"], 0.001)
    sockets = open_sockets()
    notebooks = sum(
        (ticks - before["kernels"].get(pid, 0)) / ticks_per_second() / seconds > _COMPUTING
        for pid, ticks in now["kernels"].items()
    )
    jobs, silent = jobs_of(sockets)
    return {
        "cpu_percent": percent(now["busy"] - before["busy"], now["total"] - before["total"]),
        "memory_percent": memory_percent(),
        "gpu_percent": gpu_percent(),
        "logins": logins(),
        "input_age_seconds": input_age_seconds(),
        "jobs": {name: count for name, count in {"notebooks": notebooks, **jobs}.items() if count},
        "silent": silent,
        "clients": clients(sockets, peers),
    }


def counted() -> dict[str, Any]:
    """What only grows: time, processor time in use and in all, and each notebook kernel's."""
    busy, total = container_time() or machine_time()
    return {
        "at": time.time(),
        "boot": read("sys/kernel/random/boot_id").strip() + stat_of("1")[19],
        "busy": busy,
        "total": total,
        "kernels": kernels(),
    }


def machine_time() -> tuple[float, float]:
    """Of all cores, in ticks."""
    ticks = [float(value) for value in read("stat").splitlines()[0].split()[1:9]]
    waiting = ticks[3] + ticks[4]
    return sum(ticks) - waiting, sum(ticks)


def container_time() -> tuple[float, float] | None:
    """In seconds; None on a machine of its own. A container sees the processor time of its whole host in /proc."""
    if not (os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv")):
        return None
    for path, unit in (
        ("/sys/fs/cgroup/cpu.stat", 1e6),
        ("/sys/fs/cgroup/cpuacct/cpuacct.usage", 1e9),
        ("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", 1e9),
    ):
        found = re.search(r"(?:usage_usec )?(\d+)", read(path))
        if found:
            return int(found.group(1)) / unit, time.time() * container_cores()
    return None


def container_cores() -> float:
    """As many as it may use."""
    own = float(os.cpu_count() or 1)
    quota = read("/sys/fs/cgroup/cpu.max").split() or [
        read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").strip(),
        read("/sys/fs/cgroup/cpu/cpu.cfs_period_us").strip(),
    ]
    if len(quota) == 2 and quota[0].isdigit() and quota[1].isdigit():
        return min(own, int(quota[0]) / int(quota[1]))
    return own


def memory_percent() -> float | None:
    values = {name: float(value) for name, value in re.findall(r"(\w+):\s+(\d+) kB", read("meminfo"))}
    if "MemAvailable" not in values:
        return None
    for folder, most, now in (
        ("/sys/fs/cgroup/", "memory.max", "memory.current"),
        ("/sys/fs/cgroup/memory/", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        limit, used = read(folder + most).strip(), read(folder + now).strip()
        if limit.isdigit() and used.isdigit() and int(limit) < values["MemTotal"] * 1024:
            cache = re.search(r"^(?:total_)?inactive_file (\d+)$", read(folder + "memory.stat"), re.MULTILINE)
            return percent(int(used) - (int(cache.group(1)) if cache else 0), int(limit))
    return percent(values["MemTotal"] - values["MemAvailable"], values["MemTotal"])


def gpu_percent() -> float | None:
    """Of all of its NVIDIA GPUs together."""
    told = ran("nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")
    shares = [float(line) for line in told.split("\n") if re.match(r"^\s*\d+\s*$", line)]
    return sum(shares) / len(shares) if shares else None


def logins() -> int:
    """SSH sessions that have logged in, but for the one in which this runs."""
    own, pid = set(), os.getpid()
    while pid > 1:
        own.add(str(pid))
        pid = int(stat_of(str(pid))[1])
    return sum(
        pid not in own and _SESSION.fullmatch(title.replace("\0", " ").strip()) is not None
        for pid, title in processes()
    )


def input_age_seconds() -> float | None:
    """How long ago somebody typed something at a terminal, or ended a shell that remembers what was typed."""
    moments = [when(path, is_read=True) for path in glob.glob("/dev/pts/[0-9]*")]
    for home in ("/root", *glob.glob("/home/*"), os.path.expanduser("~")):
        moments += [when(path, is_read=False) for path in glob.glob(home + "/.*_history")]
    latest = max(moments, default=0.0)
    return max(0.0, time.time() - latest) if latest else None


def when(path: str, is_read: bool) -> float:
    try:
        found = os.stat(path)
    except OSError:
        return 0.0
    return found.st_atime if is_read else found.st_mtime


def kernels() -> dict[str, int]:
    """The processor time of each notebook kernel, in ticks."""
    found = {}
    for pid, title in processes():
        if _KERNEL in title and "python" in title:
            stat = stat_of(pid)
            found[pid] = int(stat[11]) + int(stat[12])
    return found


def jobs_of(sockets: dict[str, Any]) -> tuple[dict[str, int], list[str]]:
    """How many jobs each kind of software has in hand, and which of it does not say."""
    readers = {"spark": spark_jobs, "yarn": yarn_jobs, "dask": dask_tasks, "ray": ray_jobs, "flink": flink_jobs}
    counts = {name: counted_by(reader, sockets) for name, reader in {**readers, "slurm": slurm_jobs}.items()}
    silent = [name for name, count in counts.items() if count is None]
    return {name: count for name, count in counts.items() if count is not None}, silent


def counted_by(reader: Callable[[dict[str, Any]], int], sockets: dict[str, Any]) -> int | None:
    try:
        return reader(sockets)
    except Silent:
        return None


def spark_jobs(sockets: dict[str, Any]) -> int:
    """Jobs that run; of programs that run elsewhere nobody here knows whether they have one, so each counts."""
    drivers, running = 0, 0
    for port in range(4040, 4050):
        for app in listed(answer(sockets, port, "/api/v1/applications")):
            jobs = answer(sockets, port, f"/api/v1/applications/{app.get('id')}/jobs?status=running")
            drivers += 1
            running += len(listed(jobs))
    told = answer(sockets, 8080, "/json/")
    programs = listed(told.get("activeapps")) if isinstance(told, dict) else []
    return running + max(0, len(programs) - drivers)


def yarn_jobs(sockets: dict[str, Any]) -> int:
    told = answer(sockets, 8088, "/ws/v1/cluster/metrics")
    found = told.get("clusterMetrics") if isinstance(told, dict) else None
    return int(found.get("appsRunning", 0)) + int(found.get("appsPending", 0)) if isinstance(found, dict) else 0


def dask_tasks(sockets: dict[str, Any]) -> int:
    told = answer(sockets, 8787, "/json/counts.json")
    return int(told.get("processing") or 0) if isinstance(told, dict) else 0


def ray_jobs(sockets: dict[str, Any]) -> int:
    return sum(job.get("status") in ("RUNNING", "PENDING") for job in listed(answer(sockets, 8265, "/api/jobs/")))


def flink_jobs(sockets: dict[str, Any]) -> int:
    told = answer(sockets, 8081, "/jobs/overview")
    jobs = listed(told.get("jobs")) if isinstance(told, dict) else []
    return sum(job.get("state") not in ("FINISHED", "CANCELED", "FAILED") for job in jobs)


def slurm_jobs(_: dict[str, Any]) -> int:
    if shutil.which("squeue") is None:
        return 0
    told = printed("squeue", "--noheader", "--format=%i")
    if told is None:
        raise Silent
    return len(told.split())


def clients(sockets: dict[str, Any], peers: list[str]) -> dict[str, int]:
    """Connections of others to what serves here, by what that is."""
    found: dict[str, int] = {}
    for port, address in sockets["open"]:
        if port in _CLIENTS and port in sockets["listening"] and address not in peers and not is_own(address, sockets):
            found[_CLIENTS[port]] = found.get(_CLIENTS[port], 0) + 1
    return found


def is_own(address: str, sockets: dict[str, Any]) -> bool:
    return address.startswith("127.") or address == "::1" or address in sockets["own"]


def open_sockets() -> dict[str, Any]:
    """TCP: the address of each port that listens, and port and far address of each connection to this machine."""
    listening: dict[int, str] = {}
    connections, own = [], set()
    for name in ("net/tcp", "net/tcp6"):
        for line in read(name).splitlines()[1:]:
            near, far, state = line.split()[1:4]
            address, port = address_of(near)
            if state == _LISTENS:
                listening.setdefault(port, address)
            elif state == _IS_OPEN:
                own.add(address)
                connections.append((port, address_of(far)[0]))
    return {"listening": listening, "open": connections, "own": own}


def address_of(text: str) -> tuple[str, int]:
    """ "0100007F:1F90" is 127.0.0.1, 8080."""
    address, port = text.split(":")
    words = [struct.pack("=I", int(address[at : at + 8], 16)) for at in range(0, len(address), 8)]
    raw = b"".join(words)
    if len(raw) == 16 and raw[:12] == b"\0" * 10 + b"\xff\xff":
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw), int(port, 16)


def answer(sockets: dict[str, Any], port: int, path: str) -> Any:
    """What a page of this machine says, as JSON; None where none listens, or something else does.

    Raises Silent when it does not answer in time, lets nobody in, fails, or says more than can be read.
    """
    address = sockets["listening"].get(port)
    if address is None:
        return None
    if address in ("0.0.0.0", "::"):  # noqa: S104 - what listens everywhere is asked here
        address = "127.0.0.1"
    host = f"[{address}]" if ":" in address else address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host}:{port}{path}", timeout=ANSWER_SECONDS) as response:
            told = response.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403) or error.code >= 500:
            raise Silent from error
        return None
    except (ConnectionError, ValueError, http.client.HTTPException):
        return None
    except OSError as error:
        if isinstance(getattr(error, "reason", None), ConnectionError):
            return None
        raise Silent from error
    if len(told) > MOST_BYTES:
        raise Silent
    try:
        return json.loads(told.decode())
    except ValueError:
        return None


def listed(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def processes() -> list[tuple[str, str]]:
    """Process ids, and what each calls itself."""
    return [(pid, read(pid + "/cmdline")) for pid in os.listdir(PROC) if pid.isdigit()]


def stat_of(pid: str) -> list[str]:
    """The fields after the name: state, parent …; zeros for who is gone."""
    text = read(pid + "/stat")
    return text.rpartition(")")[2].split() if text else ["0"] * 50


def ticks_per_second() -> float:
    return float(os.sysconf("SC_CLK_TCK"))


def percent(part: float, whole: float) -> float | None:
    return round(min(100.0, max(0.0, 100.0 * part / whole)), 1) if whole > 0 else None


def ran(*command: str) -> str:
    """What a program prints; "" where there is none, or it fails."""
    return printed(*command) or ""


def printed(*command: str) -> str | None:
    """What a program prints; None where there is none, or it fails."""
    path = shutil.which(command[0])
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - commands of this file
            [path, *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace")


def read(path: str) -> str:
    """ "" for what is not there, or not for this user. A path that does not begin with / is one of /proc."""
    try:
        with open(os.path.join(PROC, path), errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def remembered(node: str) -> dict[str, Any] | None:
    try:
        with open(place_of(node)) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"at", "boot", "busy", "total", "kernels"} <= set(found) else None


def remember(node: str, counts: dict[str, Any]) -> None:
    path = place_of(node)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path + ".new", "w") as file:
            json.dump(counts, file)
        os.replace(path + ".new", path)
    except OSError:
        pass  # the disk may be full: shares are of the last second then


def place_of(node: str) -> str:
    return os.path.join(os.path.expanduser("~"), ".cache", "clouddesk", f"{node}.json")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look(sys.argv[1], sys.argv[2:])) + "\n")
