"""The form that shares a machine, as Slack takes it and gives it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clouddesk.language.localtime import Whereabouts
from clouddesk.model.share import EXTEND, LEVELS, MANAGE, USE, Share
from clouddesk.sandbox.slack.schema import MODAL
from clouddesk.sandbox.slack.views import check_view
from connectors.slack import views
from tests.builders import NOW, a_reservation

ITEM = a_reservation(name="etl", expires_at=NOW + timedelta(hours=5))


def form(**changes: Any) -> dict[str, Any]:
    item = a_reservation(workspace_id="T1", name="etl", expires_at=NOW + timedelta(hours=5), **changes)
    return views.share(item, now=NOW, reader=Whereabouts("Europe/Berlin"), place={"channel": "C1"})


def back(view: dict[str, Any], *, person: str | None, allowed: str, until: int | None) -> dict[str, Any]:
    values = {
        "person": {"value": {"selected_user": person}},
        "allowed": {"value": {"selected_option": {"value": allowed}}},
        "until": {"value": {"selected_date_time": until}},
    }
    return {**view, "state": {"values": values}}


def test_the_form_names_the_machine_and_who_has_a_part_in_it() -> None:
    view = form(shares=(Share("U0BEN", EXTEND, NOW + timedelta(hours=1)), Share("U0CID", USE, NOW)))
    assert check_view(view, MODAL) == []
    shown = str(view)
    assert "*etl*" in shown
    assert "<@U0BEN>" in shown
    assert "U0CID" not in shown, "whose part is over"
    assert '/unshare_resource{"resource_name": "' in shown


def test_the_form_takes_as_many_shares_as_slack_takes() -> None:
    view = form(shares=tuple(Share(f"U{number}", MANAGE) for number in range(200)))
    assert check_view(view, MODAL) == []


@pytest.mark.parametrize("allowed", LEVELS)
@pytest.mark.parametrize("hours", [None, 5, 2])
def test_what_is_chosen_comes_back_and_an_end_left_as_it_is_is_the_reservations_own(
    allowed: str, hours: int | None
) -> None:
    chosen = None if hours is None else int((NOW + timedelta(hours=hours)).timestamp())
    given = views.given(back(form(), person="U0BEN", allowed=allowed, until=chosen))
    until = NOW + timedelta(hours=2) if hours == 2 else None
    assert (given.reservation_id, given.share, given.place) == (
        ITEM.id,
        Share("U0BEN", allowed, until),
        {"channel": "C1"},
    )
    assert views.said(given).startswith("/share_resource{")
    assert ("until" in views.said(given)) == (hours == 2)
