"""What a cluster is for, in words that name no software: "something for big data"."""

from __future__ import annotations

import re

from actions.turn import Turn

_LEAD = (
    r"(?:(?:ok|okay|well|hm+|um|it'?s|it is|we|i|need|want|do|something|anything|some|one|a cluster|mainly|mostly|just"
    r"|to|for|my|our|the|a bit of|doing|run|running)[ ,]+)*"
)
_END = r"(?: (?:please|pls|stuff|things|jobs?|work(?:loads?)?|tasks?|projects?|purposes?|and so on|i think))*"
_PURPOSES = {
    "spark": r"big ?data|analytics?|data (?:processing|analysis|engineering|crunching)|etl|batch",
    "ray": r"machine learning|ml|ai|deep learning|(?:model )?training|reinforcement learning",
    "jupyter": r"notebooks?|data science",
    "kafka": r"stream(?:s|ing)|events?|event streaming|messag(?:es|ing)|message queues?|queues?",
    "kubernetes": r"containers?|docker|micro ?services?",
    "elasticsearch": r"(?:full[- ]text )?search(?:ing)?|logs?|logging",
    "postgres": r"(?:an? )?(?:relational )?databases?|sql",
    "redis": r"(?:an? )?cach(?:es?|ing)",
    "airflow": r"workflows?|(?:data )?pipelines?|orchestration",
}
_FOR = {name: re.compile(rf"{_LEAD}(?:{words}){_END}") for name, words in _PURPOSES.items()}


def software_for(turn: Turn) -> str | None:
    """The blueprint that most people take for it, when the text says nothing else."""
    text = " ".join(turn.text.lower().replace("’", "'").strip(" .!").split())
    known = {name for item in turn.desk.blueprints() for name in (item.name, *item.aliases)}
    found = next((name for name, pattern in _FOR.items() if pattern.fullmatch(text)), None)
    return None if turn.is_button or found not in known else found
