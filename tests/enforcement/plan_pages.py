"""What the tests of the pages about plans and records share: a small PDF, a form that is sent, and what a page costs."""

import io

from reportlab.pdfgen.canvas import Canvas

from tests.enforcement.planning import Planning
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import statements


def a_pdf(text: str = "Security plan", pages: int = 1) -> tuple[io.BytesIO, str]:
    made = io.BytesIO()
    canvas = Canvas(made, invariant=1)
    for _ in range(pages):
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return io.BytesIO(made.getvalue()), "plan.pdf"


def sent(browser: ClientRequest, path: str, expect: int = 302, **values: object) -> Page:
    """Opens a form and sends it; where it leads is opened too."""
    answer = browser.submit(browser.get(path), expect, **values)
    return browser.follow(answer) if expect == 302 else answer


def counted(here: Planning, browser: ClientRequest, path: str) -> int:
    with statements(here.world.engine) as said:
        browser.get(path)
    return len(said)
