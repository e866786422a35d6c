"""What a message rules out, as a change of the request: "not on aws", "anything but ubuntu", "no gpu"."""

from __future__ import annotations

from typing import Any

from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.language.refusals import refused

_SYSTEMS = ("ubuntu-22.04", "debian-12", "rocky-9", "amazon-linux")
"""What is taken instead of a system that was ruled out: the first that was not."""


def changes_by_refusal(turn: Turn, before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The fields that the refusals of this message change, given what else it says. Says when no cloud is left."""
    if turn.is_button:
        return {}
    out = refused(turn.text)
    return {
        **_clouds(turn, out.get("provider", ()), before, said),
        **_places(out.get("region", ()), before, said),
        **_systems(out.get("os", ()), before, said),
        **_others(out, before, said),
    }


def _clouds(turn: Turn, out: tuple[str, ...], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    known = turn.desk.providers() if out else ()
    if not set(out) & set(known):
        return {}
    wanted = said.get("providers") or before.get("providers") or known
    left = [name for name in wanted if name not in out] or [name for name in known if name not in out]
    if not left:
        turn.say("utter_no_cloud_left", known=names([provider_title(name) for name in known]))
        return {}
    return {"providers": left}


def _places(out: tuple[str, ...], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    if not out:
        return {}
    change: dict[str, Any] = {"excluded_regions": [*dict.fromkeys([*before.get("excluded_regions", ()), *out])]}
    if "region" not in said and before.get("region") in out:
        change["region"] = None
    return change


def _systems(out: tuple[str, ...], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    families = {name.partition("-")[0] for name in out}
    current = str(before.get("os") or _SYSTEMS[0])
    if "os" in said or not ({current, current.partition("-")[0]} & set(out)):
        return {}
    return {"os": next((name for name in _SYSTEMS if name.partition("-")[0] not in families), None)}


def _others(out: dict[str, tuple[str, ...]], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    change: dict[str, Any] = {}
    if sizes := out.get("size_name"):
        change["excluded_sizes"] = [*dict.fromkeys([*before.get("excluded_sizes", ()), *sizes])]
        if "size_names" not in said and set(sizes) & set(before.get("size_names", ())):
            change["size_names"] = None
    if "spot" in out and before.get("spot"):
        change["spot"] = None
    if "gpu" in out:
        change.update({field: None for field in ("gpu_count", "gpu_types") if before.get(field)})
    if "software" not in said and set(out.get("software", ())) & set(before.get("software") or ()):
        change["software"] = None
    return change
