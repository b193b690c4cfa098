"""Thirty minutes without activity: the page says so two minutes ahead, one can stay, and what was typed is not lost."""

from sqlalchemy import select

from portal.db import reading
from portal.models import WebSession
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.people import PASSWORD, come_in_by_invitation, invited
from tests.support.living import Living
from workflows.vocabulary import Role

LEE = "lee.leader@example.org"
ALMOST = 27 * 60 + 10
NEW = "new.address@example.org"


def test_warned_stayed_timed_out_and_given_back(living: Living, visitor: Visit, wall_clock: MovableClock) -> None:
    invited(living, LEE, Role.LEAD_ADMIN, "Lee", "Leader")
    visit = visitor("Lee")
    staff, page = come_in_by_invitation(visit, LEE), visit.page
    page.clock.install()
    visit.go("/account/email")
    dialog = page.locator("dialog[data-idle]")
    page.fill("#email", NEW)
    page.clock.run_for(60_000)
    assert not dialog.is_visible()

    page.clock.fast_forward(ALMOST * 1000)
    dialog.wait_for(state="visible")
    assert page.get_by_role("dialog", name="Are you still there?").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Stay signed in"
    wall_clock.advance(minutes=2)
    page.get_by_role("button", name="Stay signed in").click()
    dialog.wait_for(state="hidden")
    with reading(living.context.sessions) as session:
        seen = session.scalars(select(WebSession.seen_at).order_by(WebSession.id.desc()).limit(1)).one()
    assert (living.context.clock() - seen).total_seconds() < 60
    assert page.input_value("#email") == NEW

    page.clock.fast_forward(ALMOST * 1000)
    dialog.wait_for(state="visible")
    page.clock.fast_forward(130_000)
    page.wait_for_url("**/sign-in?next=*")
    with reading(living.context.sessions) as session:
        assert session.scalars(select(WebSession.ended_at).order_by(WebSession.id.desc()).limit(1)).one()

    wall_clock.advance(minutes=2)
    page.fill("#email", LEE)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.fill("#code", staff.code)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/account/email")
    page.get_by_text("is back in this page").wait_for()
    assert page.input_value("#email") == NEW
