"""Looks at a page as a careful reader would: what every page owes its visitors is checked each time one is opened."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

NEEDS_LABEL = (
    ".//input[not(@type='hidden') and not(@type='submit') and not(@type='button') and not(@type='reset')"
    " and not(@type='image')] | .//select | .//textarea"
)


def problems_of(text: str) -> list[str]:
    """Everything that is wrong with this HTML page, one sentence each; an empty list when it is as it should be."""
    page = html.fromstring(text)
    return [
        *_frame(page),
        *_ids(page),
        *_labels(page),
        *_forms(page),
        *_inline(page),
    ]


def _frame(page: Any) -> list[str]:
    found = []
    if not (page.findtext(".//title") or "").strip():
        found.append("The page has no title.")
    headings = page.xpath(".//h1")
    if len(headings) != 1 or not headings[0].text_content().strip():
        found.append(f"The page has {len(headings)} h1 headings; it needs exactly one, with text.")
    if page.get("lang") is None and not page.xpath("//html/@lang"):
        found.append("The page does not say its language.")
    found += [f"Image {image.get('src')} has no alt." for image in page.xpath(".//img[not(@alt)]")]
    return found


def _ids(page: Any) -> list[str]:
    counted = Counter(page.xpath("//@id"))
    found = [f"The id {name!r} occurs {count} times." for name, count in counted.items() if count > 1]
    for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for value in page.xpath(f"//@{attribute}"):
            missing = [name for name in value.split() if name not in counted]
            found += [f"{attribute} points to {name!r}, which is missing." for name in missing]
    return found


def _labels(page: Any) -> list[str]:
    labelled = set(page.xpath(".//label/@for"))
    found = []
    for field in page.xpath(NEEDS_LABEL):
        named = field.get("aria-label") or field.get("aria-labelledby") or field.xpath("ancestor::label")
        if not named and field.get("id") not in labelled:
            found.append(f"The field {field.get('name') or field.get('id')!r} has no label.")
    return found


def _forms(page: Any) -> list[str]:
    found = []
    for form in page.xpath(".//form"):
        if (form.get("method") or "get").lower() != "post":
            continue
        if not any(form.xpath(".//input[@type='hidden' and @name='csrf_token']/@value")):
            found.append(f"The form to {form.get('action') or 'this page'} posts without a CSRF token.")
    return found


def _inline(page: Any) -> list[str]:
    found = [f"<{element.tag}> has an inline style." for element in page.xpath(".//*[@style]")]
    found += ["There is a <style> block." for _ in page.xpath(".//style")]
    found += ["There is an inline <script>." for _ in page.xpath(".//script[not(@src)][normalize-space()]")]
    handlers = page.xpath(".//@*[starts-with(name(), 'on')]")
    found += [f"There is an inline handler, {handler.attrname}." for handler in handlers]
    links = page.xpath(".//@href | .//@src | .//@action")
    found += [f"A link runs script: {link}" for link in links if link.strip().lower().startswith("javascript:")]
    return found


@dataclass(frozen=True)
class Page:
    """An answer, and its document when it is HTML."""

    response: TestResponse
    path: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def document(self) -> Any:
        return html.fromstring(self.response.get_data(as_text=True))

    @property
    def heading(self) -> str:
        return " ".join(self.document.xpath("string(.//h1)").split())

    @property
    def text(self) -> str:
        """What is to be read on the page, white space folded."""
        return " ".join(self.document.xpath("string(.//main | .//body[not(.//main)])").split())

    @property
    def location(self) -> str:
        return self.response.headers.get("Location", "")

    def form(self, having: str | None = None) -> Any:
        """The form in <main> that posts; with several, the one that has a field or a button named `having`."""
        forms = self.document.xpath(".//main//form[translate(@method, 'POST', 'post')='post']")
        if having is not None:
            forms = [form for form in forms if form.xpath(f".//*[@name='{having}'] | .//*[@value='{having}']")]
        assert len(forms) == 1, f"{self.path} has {len(forms)} forms that fit; name a field of the one you mean."
        return forms[0]


class ClientRequest:
    """Opens and submits pages as a browser without JavaScript would, and checks each page that it gets."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, expect: int = 200, **options: Any) -> Page:
        """Opens a page; an HTML page of any status must be well made."""
        return self._looked_at(self.client.get(path, **options), path, expect)

    def post(self, path: str, data: dict[str, Any] | None = None, expect: int = 302, **options: Any) -> Page:
        """Posts as given, with no token added: for what a form would never send."""
        return self._looked_at(self.client.post(path, data=data or {}, **options), path, expect)

    def submit(self, page: Page, expect: int = 302, having: str | None = None, **values: Any) -> Page:
        """Fills in the page's form and sends it with everything the form itself carries, its CSRF token too.

        A value of None leaves a field out. A field that the form does not have is a mistake of the test.
        """
        form = page.form(having)
        fields = form.xpath(".//*[@name]/@name")
        unknown = set(values) - set(fields)
        assert not unknown, f"The form on {page.path} has no field {sorted(unknown)}; it has {sorted(set(fields))}."
        data: dict[str, Any] = {}
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        data.update(values)
        sent = {name: value for name, value in data.items() if value is not None}
        action = form.get("action") or page.path
        return self.post(action, sent, expect, content_type=form.get("enctype"))

    def follow(self, page: Page, expect: int = 200) -> Page:
        """Goes where a redirect points."""
        assert page.location, f"{page.path} answered {page.status} and points nowhere."
        return self.get(page.location, expect)

    def _looked_at(self, response: TestResponse, path: str, expect: int) -> Page:
        page = Page(response, path)
        assert response.status_code == expect, (
            f"{path} answered {response.status_code} (to {page.location or 'nowhere'}), not {expect}:\n"
            f"{response.get_data(as_text=True)[:2000]}"
        )
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 307, 308):
            found = problems_of(response.get_data(as_text=True))
            assert not found, f"{path}:\n" + "\n".join(found)
        return page
