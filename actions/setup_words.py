"""What of a request's software a yes sets up, and why not the rest of it, in words."""

from __future__ import annotations

from actions.wording import names
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER
from clouddesk.setups import (
    NEEDS_CLUSTER,
    NEEDS_OWN_KERNEL,
    NOT_KNOWN,
    NOT_ON_SYSTEM,
    PORT_TAKEN,
    LeftOut,
    Setup,
)

_WHY = {
    NOT_KNOWN: "{title} itself is not installed: I have not learned that yet. There is room for it on the {machines}.",
    NEEDS_CLUSTER: "{title} takes a cluster, so it is not installed here. Say “make it a {title} cluster” for one.",
    PORT_TAKEN: "{title} is not installed: it wants {detail} on the same machine. Ask for another machine for it.",
    NOT_ON_SYSTEM: "{title} is not installed: I can do that on Debian 12, Ubuntu 22.04, Rocky Linux 9 and later, "
    "not on {detail}. Say e.g. “ubuntu” to change that.",
    NEEDS_OWN_KERNEL: "{title} is not installed: nodes on docker are containers, which cannot hold an engine of "
    "their own. A cloud's machine can.",
}


def simulated(setup: Setup) -> str:
    """Nothing is installed on what does not exist."""
    titles = [*setup.titles, *(item.title for item in setup.left_out)]
    are = "are" if len(titles) > 1 else "is"
    return f"_{names(titles)} {are} not installed yet: simulated machines stay bare._\n"


def lines(setup: Setup, quote: Quote) -> str:
    """A line for what is set up and one for each thing that is not."""
    texts = []
    count = len(quote.nodes)
    if setup.titles:
        is_each = count > 1 and quote.request.kind != CLUSTER
        are = "are" if len(setup.titles) > 1 else "is"
        where = " on each of them by itself" if is_each else ""
        texts.append(f"{names(setup.titles)} {are} set up{where} and tried before I call it ready.")
    texts.extend(_why(item, "machines" if count > 1 else "machine") for item in setup.left_out)
    return "".join(f"_{text}_\n" for text in texts)


def _why(item: LeftOut, machines: str) -> str:
    return _WHY[item.reason].format(title=item.title, detail=item.detail, machines=machines)
