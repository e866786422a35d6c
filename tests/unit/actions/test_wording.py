"""Errors and spans in words; every response that code names exists."""

import pkgutil
import re
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path

import pytest
import yaml

import actions
from actions import knowledge, wording
from actions.base import DeskAction
from actions.forms import Form
from actions.turn import FACTS
from clouddesk.model import approval, configuration, errors, handover, invalid, notice
from clouddesk.model import reservation as states
from clouddesk.model.approval import Approval, Purchase
from clouddesk.model.budget import Commitment
from clouddesk.model.configuration import ConfigureFailed
from clouddesk.model.errors import CredentialsMissing
from clouddesk.model.freeze import Freeze
from clouddesk.model.invalid import CannotArchive
from clouddesk.workflows import drift
from clouddesk.workflows.failures import IMAGE_FAILED, IMAGES_LEFT, NOT_OFF, POWER_FAILED

for module in pkgutil.iter_modules(actions.__path__, "actions."):
    import_module(module.name)  # registers what is in it
PROJECT = Path(__file__).resolve().parents[3]
DOMAIN = yaml.safe_load((PROJECT / "domain.yml").read_text())
RULES = yaml.safe_load((PROJECT / "nlu" / "rules.yml").read_text())["rules"]
AT = datetime(2026, 3, 4, tzinfo=timezone.utc)
PURCHASE, PLANNED = Purchase("extend", "r-1", "ann", "etl", key="1"), Commitment("r-1", "ann", 1.0, 0.0, 1)
ERRORS = [
    approval.OverBudget(PURCHASE, PLANNED, ()),
    approval.NobodyApproves((), is_admin=False),
    approval.NotYoursToDecide("own"),
    approval.AlreadyDecided(
        Approval("a-1", "local", "ann", PURCHASE, PLANNED, (), "c", "UTC", AT, AT),
    ),
    errors.Denied("see"),
    errors.NotFound("r-1"),
    errors.Invalid("A workspace id has letters and digits only."),
    errors.LimitExceeded("machines", asked=1000, limit=100),
    errors.UnknownSoftware("foo", ["spark"]),
    errors.UnknownRegion("atlantis", ["fra1"]),
    errors.NothingFits("10 TB", []),
    errors.QuoteExpired("q-1"),
    errors.OfferChanged("q-1"),
    errors.CredentialsMissing(),
    errors.CredentialsMissing("aws"),
    errors.WrongState("spark-1", state="stopped", wanted="stop"),
    errors.WrongState("spark-1", state="archiving", wanted="start"),
    errors.NotLookedAfter("spark-1"),
    errors.Protected("etl"),
    errors.Frozen(Freeze("local", "root", AT)),
    handover.NotHandedOver("web-1"),
    handover.NotLeft("web-1", "ben"),
    handover.NotOffered("web-1"),
    handover.HandoverIsOver("web-1", "ben"),
    invalid.CannotOpen("web-1", provider="vultr"),
    *(invalid.CannotArchive("web-1", provider=provider) for provider in ("docker", "aws")),
    errors.ImagesLost("web-1", provider="aws"),
    errors.Unavailable("redis"),
    errors.Undecided("Temporal"),
    errors.CloudDeskError(),
    *(
        kind("aws", "vendor text that nobody may see")
        for kind in (errors.ProviderError, errors.NoFirewall, *errors.ProviderError.__subclasses__())
    ),
    invalid.TooFewMachines(0, most=100),
    invalid.ClusterTooSmall("Spark", asked=1, least=2, roles=["controller", "worker"]),
    *(invalid.NotPositive(field, 0.0) for field in ("vcpus", "memory_gb", "storage_gb", "gpu_count")),
    invalid.LeaseTooShort(least_seconds=60, most_seconds=2592000),
    invalid.ExtensionTooShort(least_seconds=60),
    invalid.UnclearTime("until the cows come home"),
    invalid.OverToday("for the afternoon", again="until tomorrow 18:00"),
    invalid.TimeIsOver("until yesterday"),
    invalid.BadName("my box!", most_characters=40),
    invalid.UnknownProvider(["hetzner"], ["aws", "digitalocean"]),
    invalid.NoPrice("openstack"),
    invalid.NoPrice("openstack", ["m1.small"]),
    invalid.NoImage("windows", ["aws", "digitalocean"], ["debian-12"]),
    *(invalid.NoOwnMachine(is_at_terminal=is_here) for is_here in (True, False)),
    invalid.UnknownMake("etl"),
    *(invalid.CannotScale("hdfs-1", title="Hadoop", is_growth=is_growth) for is_growth in (True, False)),
    invalid.SameSize("spark-1", count=3),
    invalid.OtherAccount("aws"),
    invalid.CredentialsInUse("aws", ["spark-1", "vm-2"]),
    *(invalid.NoColleague("ben", why) for why in ("owner", "bot", "guest", "deactivated", "foreign", "unknown")),
    invalid.ShareIsOver(datetime(2026, 3, 4, tzinfo=timezone.utc)),
    *(invalid.NoSshKey(is_damaged=is_damaged) for is_damaged in (True, False)),
    invalid.SshKeyIsPrivate(),
    invalid.WeakSshKey("an RSA key of 1024 bits is too short"),
    invalid.TooManySshKeys(10),
    invalid.TooManyTemplates(100),
    invalid.TemplateNameTaken("etl"),
    invalid.TooManyReminders(10),
    *(ConfigureFailed("unreachable", step="Installing Java", nodes=nodes) for nodes in (["worker-1", "worker-2"], [])),
]


def kinds_of(root: type[errors.CloudDeskError]) -> set[type[errors.CloudDeskError]]:
    found = {root}.union(*(kinds_of(kind) for kind in root.__subclasses__()))
    return {kind for kind in found if kind.__module__.startswith("clouddesk.model.")}


def codes() -> set[str]:
    return {type(error).code for error in ERRORS} | {"nothing_fits_at_all"}


def kinds() -> list[str]:
    return [value for name, value in vars(notice).items() if name.isupper() and isinstance(value, str)]


def reasons() -> list[str]:
    of_ends = [value for name, value in vars(states).items() if name.startswith("REASON_")]
    of_software = [value for name, value in vars(configuration).items() if name.isupper()]
    return [
        *of_ends,
        *of_software,
        *(POWER_FAILED, NOT_OFF, IMAGE_FAILED, IMAGES_LEFT),
        *(CredentialsMissing.code, CannotArchive.code),
        *(set(drift.KINDS) - {drift.STOPPED_OUTSIDE}),
    ]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_has_a_sentence_with_all_its_values_and_no_vendor_text(error: errors.CloudDeskError) -> None:
    response, values = wording.of_error(error)
    text = DOMAIN["responses"][response][0]["text"]

    # A freeze ends by the clock of whoever is told of it.
    filled = {"by", "until", "why"} if isinstance(error, errors.Frozen) else set(values)
    assert set(re.findall(r"{(\w+)}", text)) <= filled
    assert "vendor text" not in "".join(values.values())


def test_every_error_of_the_model_is_among_those_that_are_put_into_words() -> None:
    assert kinds_of(errors.CloudDeskError) == {type(error) for error in ERRORS}


@pytest.mark.parametrize("kind", sorted(kinds_of(errors.CloudDeskError), key=str), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_and_a_response_of_its_own(kind: type[errors.CloudDeskError]) -> None:
    assert sum(other.code == kind.code for other in kinds_of(errors.CloudDeskError)) == 1
    assert f"utter_error_{kind.code}" in DOMAIN["responses"]


def test_an_invalid_request_is_said_with_its_facts() -> None:
    said = {}
    for error in (error for error in ERRORS if isinstance(error, errors.Invalid)):
        response, values = wording.of_error(error)
        said[type(error)] = DOMAIN["responses"][response][0]["text"].format(**values)

    assert said[invalid.TooFewMachines] == "0 machines make no sense: at least 1 and at most 100. How many do you want?"
    assert "at least 2 machines (controller, worker)" in said[invalid.ClusterTooSmall]
    assert "0 GPUs" in said[invalid.NotPositive]
    assert "at most 30 days" in said[invalid.LeaseTooShort]
    assert said[invalid.UnknownProvider].startswith("I can't work with hetzner yet. I can with AWS and DigitalOcean.")
    assert said[invalid.NoImage].startswith("I find no windows on AWS or DigitalOcean. I have debian-12.")
    assert "none is set here for m1.small: without a price I offer nothing" in said[invalid.NoPrice]
    assert "spark-1 and vm-2 on AWS" in said[invalid.CredentialsInUse]


def test_every_response_that_code_names_exists() -> None:
    code = "\n".join(path.read_text() for path in (PROJECT / "actions").glob("*.py"))
    named = set(re.findall(r'"(utter_[a-z_]+)"', code))

    assert named <= set(DOMAIN["responses"])


def test_every_response_is_said_by_code_or_by_a_notice() -> None:
    code = "\n".join(path.read_text() for path in (PROJECT / "actions").glob("*.py"))
    said = set(re.findall(r'"(utter_[a-z_]+)"', code)) | {f"utter_error_{code}" for code in codes()}
    said |= {f"utter_error_not_yours_to_decide_{why}" for why in (approval.OWN, approval.PARTY)}
    said |= {"utter_simulated_yes", "utter_simulated_no", "utter_archive_instead"}
    said |= {f"utter_keys_{why}" for why in ("coming", "never", "simulated")}
    said |= {f"utter_explain_word_{word}" for word in knowledge.WORDS}
    said |= {f"utter_notice_{kind}" for kind in kinds()} | {f"utter_reason_{reason}" for reason in reasons()}
    variants = tuple(f"utter_notice_{kind}_" for kind in kinds())
    said |= {name for name in DOMAIN["responses"] if name.startswith(variants)}

    assert set(DOMAIN["responses"]) - said == {"utter_reason_unknown"}, "what the connectors say of an unknown reason"


def test_every_entity_of_a_button_is_in_the_domain_and_every_intent_has_an_answer() -> None:
    code = "\n".join(path.read_text() for path in (PROJECT / "actions").glob("*.py"))

    assert {"quote_id", "reservation_id", "question_id"} <= set(DOMAIN["entities"])
    assert all(f'"{entity}"' in code for entity in DOMAIN["entities"])


@pytest.mark.parametrize(
    ("error", "asked", "limit"),
    [
        (errors.LimitExceeded("hours", asked=1464, limit=720), "1,464 hours", "720 hours (30 days)"),
        (errors.LimitExceeded("hours", asked=1.5, limit=1), "1.5 hours", "1 hour"),
        (errors.LimitExceeded("machines", asked=1000, limit=1), "1,000 machines", "1 machine"),
    ],
)
def test_a_limit_is_said_in_numbers_as_people_read_them(error: errors.LimitExceeded, asked: str, limit: str) -> None:
    assert wording.of_error(error)[1] == {"asked": asked, "limit": limit}


def test_every_action_of_the_domain_is_written_and_the_other_way_round() -> None:
    topics = {f"action_{topic}" for topic, action in DeskAction.topics.items() if not action.is_inner}
    written = topics | {form().name() for form in Form.forms.values()}

    assert written == set(DOMAIN["actions"])


def test_every_form_requires_what_it_asks_for_and_can_ask_for_it() -> None:
    assert {f"{topic}_form" for topic in Form.forms} == set(DOMAIN["forms"])
    for topic, form in Form.forms.items():
        assert DOMAIN["forms"][f"{topic}_form"]["required_slots"] == list(form.slots)
        assert {f"action_ask_{slot}" for slot in form.slots} <= set(DOMAIN["actions"])


def test_every_slot_is_filled_by_code_only() -> None:
    others = {"request", "open_question", "last_reservation", "noticed", "misses", "parked"}
    assert {*FACTS, *others} == set(DOMAIN["slots"])
    assert all(slot["mappings"] == [{"type": "custom"}] for slot in DOMAIN["slots"].values())


def test_every_intent_has_one_rule_and_every_form_one_that_runs_its_action() -> None:
    intents = {rule["steps"][0]["intent"]: rule["steps"][1]["action"] for rule in RULES if "condition" not in rule}
    done = {rule["steps"][0]["action"]: rule["steps"][2]["action"] for rule in RULES if "condition" in rule}

    assert sorted(intents) == sorted(next(iter(item)) for item in DOMAIN["intents"])
    assert len(RULES) == len(intents) + len(done)
    assert all(intents[topic] == f"{topic}_form" for topic in Form.forms)
    assert done == {f"{topic}_form": f"action_{topic}" for topic in Form.forms}
    assert {*intents.values(), *done.values()} <= {*DOMAIN["actions"], *DOMAIN["forms"]}


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_notice_has_wording_from_the_values_that_workflows_fill(kind: str) -> None:
    filled = {
        *("name", "reservation_id", "nodes", "provider", "region", "size", "addresses", "hourly", "cost", "ends"),
        *("minutes_left", "reason", "simulated", "extension", "up", "missing", "up_hourly", "choose_by", "owner"),
        # Of some kinds only.
        *("step", "lines", "which", "how_many", "things", "orphan_id", "provider_name"),
        *("week", "earlier", "committed", "slept", "early", "people", "most"),
        *("from_provider", "from_region", "from_size", "from_hourly", "before", "count"),
        *("at", "note", "state", "total", "absence", "parts", "each", "by", "changed", "rest"),
        *("keys", "logins", "doors", "links", "person", "person_id", "owner_id", "before_name", "not_yet"),
        *("why", "idle_for", "stops", "stopped_hourly", "stopped_daily", "asked", "doubt", "blind", "action"),
        *("archive", "archives", "archived_hourly", "archived_daily", "stands", "openings"),
        *("asked_by", "decided_by", "what", "reasons", "status", "said", "approval_id"),
        *("offer_provider", "offer_region", "offer_size", "offer_hourly", "offer_more", "agreed_hourly"),
        "bills",
    }
    response = DOMAIN["responses"][f"utter_notice_{kind}"][0]
    values = {key: key.upper() for key in filled}

    assert response["text"].format(**values)
    for button in response.get("buttons", ()):
        payload = button["payload"].format(**values)
        assert any(
            name in payload for name in ("RESERVATION_ID", "ORPHAN_ID", "PROVIDER_NAME", "APPROVAL_ID", "ABSENCE")
        )


def test_every_reason_has_words() -> None:
    assert [reason for reason in reasons() if f"utter_reason_{reason}" not in DOMAIN["responses"]] == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (28800, "8 hours"),
        (5400, "1 hour 30 minutes"),
        (3600, "1 hour"),
        (86400, "1 day"),
        (172800, "2 days"),
        (187200, "2 days 4 hours"),
        (30, "1 minute"),
    ],
)
def test_a_duration_reads_as_people_say_it(seconds: int, text: str) -> None:
    assert wording.duration(seconds) == text


def test_a_cloud_is_called_by_its_title_also_when_it_is_not_connected() -> None:
    assert [wording.provider_title(name) for name in ("aws", "gcp", "nimbus")] == ["AWS", "Google Cloud", "nimbus"]


def test_an_outage_promises_nothing_about_what_was_changed() -> None:
    assert "Nothing was changed" not in DOMAIN["responses"]["utter_error_unavailable"][0]["text"]
