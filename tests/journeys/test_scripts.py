"""Row 7: were markup of a stranger's ever let through, Chromium runs none of it under the portal's policy."""

import pytest
from playwright.sync_api import Browser

from tests.support.living import Living

HOSTILE = {
    "inline script": "<script>window.ran = 1</script>",
    "event": '<img src="x" onerror="window.ran = 1">',
    "drawing": '<svg onload="window.ran = 1"></svg>',
    "script as data": '<script src="data:text/javascript,window.ran=1"></script>',
    "frame with a script": "<iframe srcdoc=\"<script>parent.ran = 1</script>\"></iframe>",
    "evaluated": "<script>setTimeout('window.ran = 1', 0)</script>",
    "opened at once": '<details open ontoggle="window.ran = 1"><summary>x</summary></details>',
    "focused at once": '<input autofocus onfocus="window.ran = 1">',
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_row_7_no_script_of_a_stranger_runs(living: Living, chromium: Browser, what: str) -> None:
    """The same page runs it where the browser is told to overlook the policy: the script is a live one."""
    living.app.view_functions["public.index"] = lambda: f"<!doctype html><title>x</title><body>{HOSTILE[what]}</body>"
    ran = {}
    for overlooked in (False, True):
        context = chromium.new_context(base_url=living.base_url, bypass_csp=overlooked)
        page = context.new_page()
        page.goto("/welcome")
        page.wait_for_timeout(300)
        ran[overlooked] = page.evaluate("window.ran === 1")
        context.close()
    assert ran == {False: False, True: True}


def test_row_7_a_form_of_a_strangers_sends_nothing_elsewhere(living: Living, chromium: Browser) -> None:
    """Typed words do not leave the portal by a form that somebody smuggled in, and no page of it is framed."""
    port = living.base_url.rsplit(":", 1)[1]
    there = f"http://localhost:{port}"  # another site than 127.0.0.1, and here all the same
    living.app.view_functions["public.index"] = lambda: (
        f'<!doctype html><title>x</title><form action="{there}/healthz" method="get"><input name="q" value="1">'
        f'<button id="go">Go</button></form><iframe src="{living.base_url}/sign-in"></iframe>'
    )
    context = chromium.new_context(base_url=living.base_url)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/welcome")
    page.evaluate("document.getElementById('go').click()")
    page.wait_for_timeout(500)
    assert page.url == f"{living.base_url}/welcome"
    assert not [url for url in asked if url.startswith(there)]
    assert all(frame.url in ("", "about:blank", "chrome-error://chromewebdata/") for frame in page.frames[1:])
    context.close()
