"""What must hold for any number, day, price, provider: ends, money, totals, negation."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from clouddesk.language.frame import understand
from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import as_typed, mend

DAYS = st.sampled_from(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "tomorrow"])
CLOUDS = st.sampled_from(["aws", "gcp", "azure", "linode", "vultr"])


def frame(text: str, intent: str = "create_vm") -> dict[str, Any]:
    return {entity.entity: entity.value for entity in understand(prepare(text).text, intent)}


@given(st.sampled_from(["until", "till", "til", "through"]), DAYS, st.integers(1, 12), st.sampled_from(["am", "pm"]))
def test_an_end_keeps_its_words_and_lends_its_numbers_to_nothing_else(
    link: str, day: str, hour: int, half: str
) -> None:
    for words in (f"{link} {day} {hour}{half}", f"{link} {hour}{half} {day}", f"{link} {day} at {hour}"):
        assert frame(f"a vm with 4 cores {words}") == {"vcpus": 4, "until": words}


@given(DAYS, DAYS, st.sampled_from(["from {} to {}", "from {} till {}", "{} through {}", "between {} and {}"]))
def test_a_span_is_one_end_with_both_its_days(first: str, last: str, form: str) -> None:
    words = form.format(first, last)
    assert frame(f"a vm with 4 cores {words}") == {"vcpus": 4, "until": words}


@given(st.integers(1, 9999), st.sampled_from(["hour", "h", "hr"]))
def test_a_price_per_hour_is_what_was_said(cents: int, unit: str) -> None:
    assume(cents % 100)
    assert frame(f"a vm for at most ${cents / 100:.2f}/{unit}") == {"max_price_per_hour": cents / 100}
    assert frame(f"a vm, {cents} cents per {unit} at most") == {"max_price_per_hour": cents / 100}


@given(st.integers(2, 40), st.integers(1, 64))
def test_a_total_is_shared_out_and_what_is_each_is_not(machines: int, cores: int) -> None:
    total = machines * cores
    assert frame(f"{machines} nodes with {total} cores in total", "create_cluster")["vcpus"] == cores
    assert frame(f"{machines} nodes with {total} cores each", "create_cluster")["vcpus"] == total


@given(CLOUDS, CLOUDS, st.sampled_from(["{} not {}", "{} instead of {}", "{}, anything but {}", "{} rather than {}"]))
def test_what_is_refused_is_no_value(wanted: str, refused: str, form: str) -> None:
    assume(wanted != refused)
    assert frame(f"a vm on {form.format(wanted, refused)}") == {"provider": wanted}


@given(st.text(alphabet="abcdefghi jklmnopqrstuvwxyz.,!?0123456789", max_size=80))
def test_mending_typos_moves_no_space(text: str) -> None:
    mended = mend(text)
    assert len(mended.split()) == len(text.split())
    assert as_typed(text, mended, 0, len(mended)) in text.lower() or " ".join(text.lower().split()) == as_typed(
        text, mended, 0, len(mended)
    )
