"""The simulated DigitalOcean's monitoring: every droplet has the agent, and is a tenth busy."""

from __future__ import annotations

from clouddesk.sandbox.digitalocean_errors import not_found
from clouddesk.sandbox.digitalocean_store import Store
from clouddesk.sandbox.rest import Answer, Ask, Done

_SHARES = {"idle": 0.88, "iowait": 0.02, "system": 0.03, "user": 0.07}
_STEP_SECONDS = 60


def cpu(ask: Ask[Store]) -> Answer:
    """Seconds by mode since the beginning of time, for each minute of the span."""
    host = ask.query.get("host_id", "")
    droplet = next((item for item in ask.store.droplets() if str(item.id) == host), None)
    if droplet is None:
        raise not_found()
    start, end = int(ask.query["start"]), int(ask.query["end"])
    moments = range(start, end + 1, _STEP_SECONDS)
    result = [
        {
            "metric": {"host_id": host, "mode": mode},
            "values": [[moment, str(round(moment * share, 2))] for moment in moments],
        }
        for mode, share in _SHARES.items()
    ]
    return Done({"status": "success", "data": {"resultType": "matrix", "result": result}})
