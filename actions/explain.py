"""Questions about what there is and what a word means, answered in between, whatever intent they were taken for."""

from __future__ import annotations

import re

from actions import about, asking
from actions.base import DeskAction
from actions.create import by_popularity
from actions.knowledge import asked_about, word_asked
from actions.turn import Turn
from actions.wording import duration, names, offer_line, provider_title
from clouddesk.model.offer import Requirements
from clouddesk.providers import PROVIDERS
from clouddesk.quoting import DEFAULT_OS

_MOST_REGIONS = 8
_OWN_REGIONS = "those of your own cloud, once I have access to it"
_SIZES = ((1, 1), (2, 4), (4, 16), (8, 32), (16, 64))
"""Cores and GB of memory, from small to large."""


class ActionExplain(DeskAction):
    """A short answer from the catalogue, the blueprints or the domain."""

    topic = "explain"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """What is open stays open."""
        topic = asked_about(turn)
        if topic in asking.TOPICS:
            await about.tell(turn, topic)
            return
        clouds = names([provider_title(name) for name in turn.desk.providers()])
        software = names([item.title for item in by_popularity(turn.desk.blueprints())])
        if topic == "prices":
            turn.say("utter_explain_prices", lines="\n".join(await _price_lists(turn)))
        elif topic == "discounts":
            turn.say("utter_explain_discounts")
        elif topic == "regions":
            turn.say("utter_explain_regions", lines="\n".join(_regions(turn)))
        elif topic == "clouds":
            turn.say("utter_explain_clouds", known=clouds, example=turn.desk.providers()[0])
        elif topic == "systems":
            turn.say("utter_explain_systems", known=names(_systems(turn)), usual=DEFAULT_OS)
        elif topic == "sizes":
            turn.say("utter_explain_sizes", lines="\n".join(await _sizes(turn)))
        elif topic == "software":
            turn.say("utter_explain_software", known=software)
        elif topic == "limits":
            limits = turn.desk.limits
            turn.say(
                "utter_explain_limits",
                machines=limits.max_nodes,
                longest=duration(limits.max_lease_seconds),
                usual=duration(limits.default_lease_seconds),
            )
        else:
            word = word_asked(turn.text)
            turn.say(f"utter_explain_word_{word}", known=software if word == "blueprint" else clouds)


async def _price_lists(turn: Turn) -> list[str]:
    """One line a list, with its age."""
    return [
        f"• {provider_title(item.provider)}: {item.source}, {item.as_of:%b %Y}"
        for item in await turn.desk.price_lists()
        if item.provider in turn.desk.clouds()
    ]


def _systems(turn: Turn) -> list[str]:
    """Those that some cloud has an image of."""
    return list(dict.fromkeys(os for name in turn.desk.providers() for os in PROVIDERS[name].images))


def _regions(turn: Turn) -> list[str]:
    """Of the clouds that were named, else of all."""
    said = [name for name in turn.desk.providers() if _is_named(turn, name)]
    lines = []
    for provider, known in turn.desk.regions().items():
        if said and provider not in said:
            continue
        more = f" and {len(known) - _MOST_REGIONS} more" if len(known) > _MOST_REGIONS and not said else ""
        shown = known if said else known[:_MOST_REGIONS]
        lines.append(f"• {provider_title(provider)}: {', '.join(shown) or _OWN_REGIONS}{more}")
    return lines


def _is_named(turn: Turn, provider: str) -> bool:
    return provider in turn.all_of("provider") or re.search(rf"\b{provider}\b", turn.text.lower()) is not None


async def _sizes(turn: Turn) -> list[str]:
    wanted = tuple(str(name) for name in turn.all_of("provider") if name in turn.desk.providers())
    lines = []
    for vcpus, memory_gb in _SIZES:
        wish = Requirements(vcpus=vcpus, memory_gb=memory_gb, providers=wanted or turn.desk.clouds())
        lines += [f"• {offer_line(offer)}" for offer in await turn.desk.offers(turn.actor, wish, limit=1)]
    return list(dict.fromkeys(lines))
