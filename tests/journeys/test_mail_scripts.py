"""Row 7: nothing that a message brings runs in a ticket's page, not even where no policy of the browser's would stop it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine

from portal.adapters.mail_in.bodies import safe
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.sample import both
from tests.journeys.test_scripts import HOSTILE
from tests.services.world import World
from tests.web.browsing import browser_of
from tests.web.desk_world import stored

MORE = {
    "picture": "<img src=x onerror=window.ran=1>",
    "link": '<a id="go" href="javascript:window.ran=1">Go on</a>',
    "style": "<style>@import 'data:text/css,'</style><p style=\"x:expression(window.ran=1)\">x</p>",
    "half a tag": "<img src='x' onerror='window.ran=1' ",
    "entities": "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "nested": "<scr<script>ipt>window.ran=1</scr</script>ipt>",
    "name": "<b>x</b>",
}  # fmt: skip
ALL = HOSTILE | MORE
LIVE = set(HOSTILE) - {"focused at once"} | {"picture"}


def ran(browser: Browser, markup: str) -> bool:
    """Whether anything of a page runs that is shown without any policy, its links and buttons pressed."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.route("**/*", lambda route: route.abort())
        page.set_content(markup, wait_until="domcontentloaded")
        page.evaluate("document.querySelectorAll('a#go').forEach(each => each.click())")
        page.wait_for_timeout(150)
        return bool(page.evaluate("window.ran === 1"))
    finally:
        context.close()


def test_row_7_no_script_of_a_message_runs_on_its_tickets_page(
    engine: Engine, tmp_path: Path, chromium: Browser
) -> None:
    world = World(engine)
    desk = Mailing(stored(world, tmp_path), tmp_path / "inbox")
    arrived = {}
    for number, (what, markup) in enumerate(ALL.items()):
        raw = both(
            f"In text: {markup}", f"<p>In HTML:</p>{markup}", From=f'"{markup.replace(chr(34), "")}" <s{number}@elsewhere.example>',
            Subject=f"Look {markup}", Message_ID=f"<{number}@elsewhere.example>",
        )  # fmt: skip
        arrived[what] = desk.arrive(raw)
    staff = browser_of(world, world.desk)
    for what, arrival in arrived.items():
        assert arrival.outcome == "entry", what
        page = staff.get(f"/tickets/{arrival.ticket_id}")
        assert not ran(chromium, page.response.get_data(as_text=True).replace('src="/static', 'data-src="/static')), (
            what
        )
    assert not ran(
        chromium, staff.get("/tickets").response.get_data(as_text=True).replace('src="/static', 'data-src="/static')
    )


@pytest.mark.parametrize("what", ALL)
def test_row_7_what_is_kept_of_a_messages_html_runs_nothing_by_itself(chromium: Browser, what: str) -> None:
    assert not ran(chromium, f"<!doctype html><title>x</title>{safe(ALL[what])}")


@pytest.mark.parametrize("what", sorted(LIVE))
def test_the_same_markup_runs_where_nobody_cleans_it(chromium: Browser, what: str) -> None:
    """Otherwise the tests above would prove nothing."""
    assert ran(chromium, f"<!doctype html><title>x</title><body>{ALL[what]}")
