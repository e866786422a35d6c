"""Which intents may carry which entities, as the contract of understanding says."""

from __future__ import annotations

ALONE = frozenset(
    ("out_of_scope", "affirm", "deny", "cancel", "help", "greet", "goodbye", "thank", "bot_challenge", "nlu_fallback")
)
"""Carry nothing when they stand alone."""

ASKING = frozenset(("create_vm", "create_cluster", "quote_price", "inform", "correct", "use_template"))
"""Ask for something that does not exist yet, so that counts and machine sizes are wishes, not descriptions."""

REFERRING = frozenset(
    ("list_resources", "terminate_resource", "stop_resource", "start_resource", "reboot_resource", "connect_info")
)
"""May tell a machine that exists from others by what it is: "the spot box", "the 64 gig one"."""

LASTING = ASKING | {"extend_reservation", "share_resource"}
"""May say how long, or until when."""

COUNTING_NODES = frozenset(("create_cluster", "quote_price", "inform", "correct", "scale_cluster", "use_template"))
COUNTING_VMS = frozenset(("create_vm", "quote_price", "inform", "correct", "use_template"))
NAMING_TEMPLATES = frozenset(("save_template", "use_template", "delete_template", "list_templates"))

_ATTRIBUTES = frozenset(("provider", "region", "os", "software", "gpu_type", "size_name"))
_NAMES = frozenset(("resource_name", "person", "template_name"))


def allowed(intent: str) -> frozenset[str]:
    """The names of the entities that a message of this intent may carry."""
    if intent in ALONE:
        return frozenset()
    if intent == "paste_secret":
        return frozenset(("provider",))
    names = set(_ATTRIBUTES | _NAMES)
    if intent in ASKING:
        names |= {"vcpus", "memory_gb", "storage_gb", "gpu_count", "max_price_per_hour", "spot"}
    if intent in LASTING:
        names |= {"duration_minutes", "until"}
    else:
        names |= {"spot", "memory_gb"} if intent in REFERRING else set()
    if intent == "set_reminder":
        names.add("duration_minutes")
    if intent in COUNTING_NODES:
        names.add("node_count")
    if intent in COUNTING_VMS:
        names.add("vm_count")
    return frozenset(names)
