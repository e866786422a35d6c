"""Who may do what: every role with own and foreign reservations."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from clouddesk.access import Right, may, require, require_member
from clouddesk.model.actor import ADMIN, MEMBER, VIEWER, Actor
from clouddesk.model.errors import Denied, NotFound

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)
OWNER = Actor("local", "ann")
STRANGER = Actor("local", "bob")
FOREIGNER = Actor("other", "ann", roles=(ADMIN,))
ADMINISTRATOR = Actor("local", "root", roles=(ADMIN,))
LOOKING_OWNER = Actor("local", "ann", roles=(VIEWER,))


@pytest.mark.parametrize(
    ("actor", "see", "manage"),
    [
        (OWNER, True, True),
        (ADMINISTRATOR, True, True),
        (LOOKING_OWNER, True, False),
        (STRANGER, False, False),
        (FOREIGNER, False, False),
    ],
)
def test_rights_by_role_and_ownership(reservation, actor, see, manage):
    assert (may(actor, Right.SEE, reservation, NOW), may(actor, Right.MANAGE, reservation, NOW)) == (see, manage)


def test_a_strangers_refusal_is_the_same_as_for_something_that_does_not_exist(reservation):
    with pytest.raises(NotFound) as foreign:
        require(STRANGER, Right.MANAGE, reservation, "r-665b0fd5", NOW)
    with pytest.raises(NotFound) as missing:
        require(STRANGER, Right.MANAGE, None, "r-665b0fd5", NOW)
    assert str(foreign.value) == str(missing.value)


def test_a_viewer_is_told_that_they_may_only_look(reservation):
    with pytest.raises(Denied):
        require(LOOKING_OWNER, Right.MANAGE, reservation, "spark-1", NOW)
    with pytest.raises(Denied):
        require_member(Actor("local", "vic", roles=(VIEWER,)))
    require_member(Actor("local", "meg", roles=(MEMBER,)))
