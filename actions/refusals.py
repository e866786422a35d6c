"""What a message rules out, as a change of the request: "not on aws", "anything but ubuntu", "no gpu"."""

from __future__ import annotations

import re
from typing import Any

from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.language.refusals import refused

_SYSTEMS = ("ubuntu-22.04", "debian-12", "rocky-9", "amazon-linux")
"""What is taken instead of a system that was ruled out: the first that was not."""
_STAYS = re.compile(
    r"(?<!why )\b(?:do not|don['’]?t|never|not|no need to)\s+(?:want to |wanna )?"
    r"(?:(?:switch|change|move|go|swap|migrate)\b(?: (?:it|that|this|them))?(?: over)? (?:to|onto|into|for|with)"
    r"|(?:take|pick|choose|select|try|put|place|host|book|order)\b(?: (?:it|that|this|them))?(?: (?:on|in|at|from))?)"
    r" (?:the )?",
    re.IGNORECASE,
)
""" "Don't switch to aws": not aws."""
_OF_THE_US = re.compile(
    r"(?<![\w.-])(?:(?:(?:in|from) )?(?i:the (?:u\.s\.(?:a\.)?|usa?|states))|USA?|U\.S\.(?:A\.)?"
    r"|(?<!(?i:north |south |latin ))(?<!(?i:central ))(?i:america)|us(?= (?:regions?|locations?|places)\b))(?![\w-])"
)
""" "us" alone is a pronoun."""
_THE_US = ("united states", "us", "usa", "u.s.", "america")


def ruled_out(text: str) -> dict[str, tuple[str, ...]]:
    """The refused values by kind, ``refused`` with what it leaves: "except the us", "don't move it to london"."""
    return refused(_OF_THE_US.sub(_THE_US[0], _STAYS.sub("not ", text)))


def refuses_a_value(turn: Turn) -> bool:
    """ "Don't switch to aws", "do not use aws": about the request, and no "no" to it, also where it is so already."""
    if turn.is_button or not (out := ruled_out(turn.text)):
        return False
    is_of_a_value = turn.intent != "cancel" and bool(out.keys() - {"software"})
    return is_of_a_value or _STAYS.search(turn.text) is not None


def changes_by_refusal(turn: Turn, before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The fields that the refusals of this message change, given what else it says. Says when no cloud is left."""
    if turn.is_button:
        return {}
    out = ruled_out(turn.text)
    return {
        **_clouds(turn, out.get("provider", ()), before, said),
        **_places(out.get("region", ()), before, said),
        **_systems(out.get("os", ()), before, said),
        **_others(out, before, said),
    }


def _clouds(turn: Turn, out: tuple[str, ...], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    known = turn.desk.clouds() if out else ()
    if not set(out) & set(known):
        return {}
    # One that is refused may have been read as wanted: "don't switch to aws".
    wanted = [name for name in said.get("providers") or () if name not in out] or before.get("providers") or known
    left = [name for name in wanted if name not in out] or [name for name in known if name not in out]
    if not left:
        turn.say("utter_no_cloud_left", known=names([provider_title(name) for name in known]))
        return {}
    return {"providers": left}


def _places(out: tuple[str, ...], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    if not out:
        return {}
    change: dict[str, Any] = {"excluded_regions": [*dict.fromkeys([*before.get("excluded_regions", ()), *out])]}
    names_of_out = (*out, *(_THE_US if _THE_US[0] in out else ()))
    if said.get("region", before.get("region")) in names_of_out:
        # What is refused was read as wanted, or was wanted before.
        change["region"] = None if before.get("region") in names_of_out else before.get("region")
    return change


def _systems(out: tuple[str, ...], before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    families = {name.partition("-")[0] for name in out}
    current = str(before.get("os") or _SYSTEMS[0])
    is_out = {current, current.partition("-")[0]} & set(out)
    if "os" in said:
        is_read_as_wanted = {said["os"], said["os"].partition("-")[0]} & set(out)
        return {"os": before.get("os")} if is_read_as_wanted and not is_out else {}
    if not is_out:
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
