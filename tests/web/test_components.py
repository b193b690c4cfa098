"""Every macro is rendered with hostile text, every kind of field with its errors; the layout frames every page."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, flash, render_template, render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.file import FileField
from lxml import html
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.web import components
from tests.support.pages import problems_of

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "portal" / "web" / "static"
FAMILIES = sorted(path.name for path in (TEMPLATES / "components").glob("*.html"))
HOSTILE = "\"'><hostile-tag onclick=alert(1)>&amp;{{ 7*7 }}"
MOMENT = datetime(2026, 11, 23, 20, 5)


def choices(**labels: str) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in labels.items()]


class MonthDayYear(StringField):
    """A field that wants several inputs."""

    def parts(self) -> list[dict[str, object]]:
        return [
            {
                "id": f"{self.id}-{part}",
                "name": f"{self.name}.{part}",
                "label": part.capitalize(),
                "value": "",
                "width": width,
            }
            for part, width in (("month", 2), ("day", 2), ("year", 4))
        ]


class Contact(Form):
    phone = StringField("Phone", [InputRequired("Enter a phone number")])


class Everything(FlaskForm):
    """One field of every kind, each of them missing."""

    name = StringField("Name", [InputRequired("Enter a name")], description="As in her passport")
    middle = StringField("Middle name", [Optional()])
    email = EmailField("Email", [InputRequired("Enter an email address")])
    days = IntegerField("Days", [InputRequired("Enter a number of days")])
    checked_on = DateField("Checked on", [InputRequired("Enter the day of the check")])
    starts = MonthDayYear("First day", [InputRequired("Enter the first day")])
    secret = PasswordField("Password", [InputRequired("Enter your password")])
    level = RadioField("Access level", [InputRequired("Choose a level")], choices=choices(a="Reader", b="Writer"))
    agency = SelectField(
        "Agency",
        [InputRequired("Choose an agency")],
        choices=[SelectChoice("", "Choose"), SelectChoice("1", "Shelter")],
    )
    projects = SelectMultipleField(
        "Projects",
        [InputRequired("Choose a project")],
        choices=choices(beds="Beds", outreach="Outreach"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    purpose = TextAreaField("Purpose", [InputRequired("Say what for")])
    proof = FileField("Certificate", [InputRequired("Choose a file")])
    agree = BooleanField("I agree", [InputRequired("Agree first")])
    contact = FormField(Contact, "Contact")
    extras = FieldList(
        StringField("Further name", [InputRequired("Enter a further name")]), "Further names", min_entries=2
    )
    send = SubmitField("Send")


class Filter(FlaskForm):
    class Meta:
        csrf = False

    q = StringField("Name")


@pytest.fixture(scope="module")
def app() -> Flask:
    """Only what the components need: no database, no routes."""
    app = Flask("components", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config.update(SECRET_KEY="for this test alone", TESTING=True)
    CSRFProtect(app)
    components.init_app(app)
    return app


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.test_request_context("/people?sort=name&status=a&status=b&after=77"):
        yield


@pytest.fixture
def page(inside: None) -> Callable[..., str]:
    """Renders this body inside the layout."""

    def render(body: str, **values: Any) -> str:
        source = '{% extends "layout.html" %}{% block title %}Sample{% endblock %}{% block main %}<h1>Sample</h1>'
        return render_template_string(source + body + "{% endblock %}", **values)

    return render


def empty_form() -> Everything:
    """The form of every kind of field, sent without anything filled in."""
    form = Everything(formdata=MultiDict({"extras-0": "", "extras-1": ""}), meta={"csrf": True})
    assert not form.validate()
    return form


# Macro -> how it is called with hostile text wherever text goes.
ITEM = {"label": HOSTILE, "href": "/x", "current": True, "count": 3}
FINDING = {
    "title": HOSTILE,
    "status": "unmet",
    "sentence": HOSTILE,
    "since": date(2026, 11, 1),
    "cite": HOSTILE,
    "do": HOSTILE,
}
TASK = {
    "title": HOSTILE, "status": "overdue", "tag": HOSTILE, "href": "/x", "hint": HOSTILE, "who_holds": HOSTILE,
    "since": MOMENT, "due": date(2026, 11, 30),
}  # fmt: skip
CALLS: dict[str, str] = {
    "forms.form_start": "form_start(form=form, multipart=true, id='f')",
    "forms.form_end": "form_end()",
    "forms.error_summary": "error_summary(none, extra=[h], title=h)",
    "forms.field": "field(form.name, hint=h, label=h, width='md', autocomplete='name', title=h)",
    "forms.fields": "fields(form)",
    "forms.hidden": "hidden(h, h)",
    "forms.submit": "submit(h, 'secondary', name='act', value=h)",
    "forms.danger": "danger(h)",
    "forms.button_link": "button_link(h, h)",
    "forms.secondary": "secondary(h, h)",
    "forms.buttons": "buttons()",
    "forms.button_form": "button_form(h, h, values={h: h}, about=h)",
    "forms.section": "section(h, h)",
    "tables.cell": "cell([h, {'text': h, 'href': h, 'note': h}, {'status': h}, {'day': day}, {'moment': moment}, ''])",
    "tables.data_table": "data_table([{'key': 'a', 'label': h, 'sort': true}, {'key': 'b', 'label': h, 'number': 1}],"
    " [{'a': h, 'b': 3}], h)",
    "tables.pager": "pager({'text': h, 'previous': h, 'next': h, 'numbers': [item]})",
    "tables.filter_bar": "filter_bar(filter, clear=h, label=h)",
    "tables.export_link": "export_link(h, h)",
    "status.tag": "tag(h)",
    "status.task_list": "task_list([task])",
    "status.task_group": "task_group(h, [task], folded=true, hint=h)",
    "status.finding": "finding(finding_, href=h, action=h, who=h)",
    "status.why_not_yet": "why_not_yet([{'finding': finding_, 'href': h}],"
    " [{'who': h, 'names': h, 'findings': [finding_]}], [finding_], mine_title=h)",
    "status.timeline": "timeline([{'at': moment, 'title': h, 'text': h, 'who': h, 'href': h}])",
    "status.progress": "progress(3, 12, h)",
    "summary.summary_list": "summary_list([{'key': h, 'value': h, 'change_href': h}, {'key': h, 'value': [h, h]},"
    " {'key': h, 'value': {'text': h, 'href': h}}, {'key': h, 'value': none}], title=h)",
    "summary.panel": "panel(h, h)",
    "summary.alert": "alert('error', h, h, live=true)",
    "summary.consequences": "consequences(h, [h])",
    "summary.card": "card(h, h)",
    "summary.copy_row": "copy_row(h, h, h)",
    "summary.copy_list": "copy_list([{'label': h, 'value': h, 'note': h}, {'label': h, 'value': none}])",
    "summary.empty_state": "empty_state(h, h, {'label': h, 'href': h})",
    "summary.person_line": "person_line(h, h, h, h, h)",
    "summary.money": "money(125000)",
    "page.icon": "icon(h)",
    "page.heading": "heading(h, caption=h, lead=h)",
    "page.breadcrumbs": "breadcrumbs([item, item])",
    "page.stepper": "stepper([h, h], 2)",
    "page.tabs": "tabs([item], h)",
    "page.details": "details(h, h, open=true)",
    "page.key_figures": "key_figures([{'label': h, 'number': h, 'hint': h, 'href': h, 'tone': 'stop'}])",
    "page.next_steps": "next_steps([h], h)",
    "page.print_button": "print_button(h)",
    "documents.document": "document(h, h, h)",
    "documents.clause": "clause(h, h, [h], initialled=h)",
    "documents.signatures": "signatures([{'capacity': h, 'name': h, 'title': h, 'signed_at': moment, 'method': h},"
    " {'capacity': h, 'name': h}])",
    "charts.bars": "bars([{'label': h, 'value': 250, 'text': h, 'href': h}], h, label=h, figure=h)",
    "charts.funnel": "funnel([{'label': h, 'count': 0, 'href': h}, {'label': h, 'count': 0, 'days': 2}], h)",
    "charts.strip": "strip([{'label': h, 'bars': [{'x': 0, 'width': 10, 'tone': h}], 'mark': 3},"
    " {'label': h, 'bars': [], 'mark': none}], h, day, day)",
    "charts.heat_table": "heat_table([h], [{'label': h, 'href': h, 'cells': [{'status': h}]},"
    " {'label': h, 'cells': [{'status': 'met', 'text': h}]}, {'label': h, 'cells': []}], h, h)",
    "go.go_form": "go_form(h, 'f', typed=h)",
    "go.go_results": "go_results([{'title': h, 'hits': [{'title': h, 'where': h, 'href': h}], 'more': {'title': h, 'href': h}}])",
    "go.go_dialog": "go_dialog(h, h)",
    "conversation.entry": "entry({'kind': 'out', 'who': h, 'at': moment, 'shown': h, 'folded': h, 'id': h, 'state': ['waiting', h]})",
    "conversation.conversation": "conversation(h)",
    "conversation.attached": "attached([{'name': h, 'size': h, 'href': h}, {'name': h, 'refused': h}])",
    "charts.org_chart": "org_chart({'title': h, 'names': [h], 'does': h, 'href': h, 'children': [{'title': h, 'names': none}]}, h)",
    "charts.trend": "trend([{'label': h, 'values': [5000, none], 'shown': [h, h], 'median': h},"
    " {'label': h, 'values': [], 'shown': [], 'median': h}], [h, h], h, 10000, h, h)",
}
WITH_CALL_BLOCK = {
    "conversation.conversation",
    "forms.buttons",
    "forms.section",
    "summary.card",
    "documents.document",
    "page.details",
}


def macros_of(app: Flask, family: str) -> dict[str, Any]:
    """The public macros that a family of components defines itself, by name."""
    source = (TEMPLATES / "components" / family).read_text(encoding="utf-8")
    module = app.jinja_env.get_template(f"components/{family}").make_module()
    return {name: getattr(module, name) for name in re.findall(r"{% macro ([a-z]\w*)", source)}


def test_every_macro_is_rendered_here_and_explained_in_the_readme(app: Flask, inside: None) -> None:
    readme = (TEMPLATES / "components" / "README.md").read_text(encoding="utf-8")
    found = {f"{family.removesuffix('.html')}.{name}" for family in FAMILIES for name in macros_of(app, family)}
    assert found == set(CALLS)
    for family in FAMILIES:
        for name, macro in macros_of(app, family).items():
            told = re.search(rf"`{name}\(([^`]*)\)`", readme)
            assert told, f"README.md does not show {name}"
            arguments = re.findall(r"(\w+)\b(?:=(?:\"[^\"]*\"|\([^)]*\)|[^,]*))?", told[1].replace("**attributes", ""))
            assert [one for one in arguments if one in macro.arguments] == list(macro.arguments), told[0]


@pytest.mark.parametrize("name", sorted(CALLS))
def test_hostile_text_comes_out_as_text(name: str, inside: None) -> None:
    family, macro = name.split(".")
    call = CALLS[name]
    body = f"{{% call {call} %}}{{{{ h }}}}{{% endcall %}}" if name in WITH_CALL_BLOCK else f"{{{{ {call} }}}}"
    text = render_template_string(
        f'{{% from "components/{family}.html" import {macro} %}}{body}',
        h=HOSTILE, item=ITEM, task=TASK, finding_=FINDING, form=empty_form(), filter=Filter(),
        day=date(2026, 11, 23), moment=MOMENT,
    )  # fmt: skip
    assert "<hostile-tag" not in text
    assert "49" not in re.sub(r"[0-9a-f]{12}|value=\"[\w.-]{60,}\"", "", text)
    tree = html.fromstring(f"<div>{text}</div>")
    assert not tree.xpath("//hostile-tag | //script | //style | //*[@style] | //@*[starts-with(name(), 'on')]")
    if " h" in call or "(h" in call or "[h" in call:
        assert "hostile-tag" in tree.text_content() + " ".join(tree.xpath("//@*"))


def test_every_kind_of_field_has_a_label_and_says_what_is_wrong(page: Callable[..., str]) -> None:
    text = page(
        '{% from "components/forms.html" import error_summary, form_start, form_end, fields %}'
        "{{ error_summary(form) }}{{ form_start(form=form) }}{{ fields(form) }}{{ form_end() }}",
        form=empty_form(),
    )
    assert problems_of(text) == []
    tree = html.fromstring(text)
    assert tree.findtext(".//title") == "Error: Sample – HMIS Access Portal"
    links = {link.text_content(): link.get("href")[1:] for link in tree.xpath("//*[@role='alert']//a")}
    assert list(links) == [
        "Enter a name", "Enter an email address", "Enter a number of days", "Enter the day of the check",
        "Enter the first day", "Enter your password", "Choose a level", "Choose an agency", "Choose a project",
        "Say what for", "Choose a file", "Agree first", "Enter a phone number", "Enter a further name",
    ]  # fmt: skip
    for message, target in links.items():
        (control,) = tree.xpath(f"//*[@id='{target}']")
        assert control.tag in {"input", "select", "textarea"}, message
        described = " ".join(control.xpath("ancestor-or-self::*/@aria-describedby")).split()
        said = " ".join(tree.xpath(f"//*[@id='{name}']")[0].text_content() for name in described)
        assert message in said, message
    assert [one.text_content() for one in tree.xpath("//label[contains(., '(optional)')]")] == [
        "Middle name (optional)"
    ]
    assert tree.xpath("//*[@role='alert'][@tabindex='-1'][@autofocus]")


def test_choices_carry_their_hints(inside: None) -> None:
    text = render_template_string(
        '{% from "components/forms.html" import field %}{{ field(form.level, hints={"b": "May change records"}) }}',
        form=Everything(),
    )
    tree = html.fromstring(text)
    (button,) = tree.xpath("//input[@value='b']")
    assert tree.xpath(f"//*[@id='{button.get('aria-describedby')}']")[0].text_content() == "May change records"
    assert tree.xpath("//input[@value='a']")[0].get("aria-describedby") is None


def test_each_place_for_initials_is_named_for_its_clause(inside: None) -> None:
    text = render_template_string(
        '{% from "components/documents.html" import clause %}{{ clause(1, "Your account", ["x"], form.middle) }}',
        form=Everything(),
    )
    assert html.fromstring(text).xpath("//input/@aria-label") == ["Middle name, Your account"]


def test_a_width_nobody_knows_is_refused(inside: None) -> None:
    with pytest.raises(ValueError, match="'huge' is none of 2xl, 2xs, lg, md, sm, xl, xs"):
        render_template_string(
            '{% from "components/forms.html" import field %}{{ field(form.name, width="huge") }}', form=Everything()
        )


def test_errors_of_the_whole_form_come_last_and_have_no_link(inside: None) -> None:
    class Both(FlaskForm):
        name = StringField("Name", [InputRequired("Enter a name")])

        def validate_name(self, field: StringField) -> None:
            raise ValidationError("never reached")

    form = Both(formdata=MultiDict(), meta={"csrf": False})
    assert not form.validate()
    form.form_errors.append("Choose one of the two")
    assert list(components.errors_of(form)) == [("name", "Enter a name"), ("", "Choose one of the two")]


def test_two_forms_on_a_page_share_no_id(page: Callable[..., str]) -> None:
    text = page(
        '{% from "components/forms.html" import form_start, form_end, button_form %}'
        "{{ form_start(form=form) }}{{ form_end() }}{{ form_start(form=form) }}{{ form_end() }}"
        '{{ button_form("Remind", "/x") }}{{ form_start() }}{{ form_end() }}',
        form=Everything(),
    )
    assert problems_of(text) == []
    assert len(html.fromstring(text).xpath("//form[@method='post']")) == 4


def test_the_layout_frames_a_page(app: Flask) -> None:
    with app.test_request_context("/"):
        flash("Saved.", "success")
        flash("Not <b>saved</b>.", "error")
        text = render_template_string(
            '{% extends "layout.html" %}{% block title %}Home{% endblock %}{% block main %}<h1>Home</h1>{% endblock %}',
            lead_name="Pine <State>", demo=True, sign_out_href="/out",
            person={"name": HOSTILE, "role": "Help desk", "href": "/me"},
            navigation=[{"label": "Home", "href": "/", "current": True, "count": 4}, {"label": "People", "href": "/p"}],
            help={"hours": "8 to 4", "mail": "help@example.org"},
        )  # fmt: skip
    assert problems_of(text) == []
    tree = html.fromstring(text)
    assert tree.xpath("//a[@class='usa-skipnav']/@href") == ["#main"]
    assert [one.text_content().split() for one in tree.xpath("//nav//a[@aria-current='page']")] == [["Home", "4"]] * 2
    assert tree.xpath("//form[@action='/out']//input[@name='csrf_token']/@value")
    assert "Made-up people: demonstration" in text
    assert [one.text_content().strip() for one in tree.xpath("//main//*[@role='status']")] == ["Saved."]
    assert [one.text_content().strip() for one in tree.xpath("//main//*[@role='alert']")] == ["Not <b>saved</b>."]
    assert "help@example.org" in tree.xpath("//footer")[0].text_content()


def test_the_layout_stands_without_anybody_signed_in(page: Callable[..., str]) -> None:
    text = page("")
    assert problems_of(text) == []
    assert "Sign out" not in text
    assert "demonstration" not in text
    assert html.fromstring(text).findtext(".//title") == "Sample – HMIS Access Portal"


def test_mail_has_both_parts_and_escapes_in_html_alone(inside: None) -> None:
    values = {
        "subject": HOSTILE,
        "lead_name": "Pine & State",
        "action_label": "Read & sign",
        "action_href": "http://localhost/l/x?a=1&b=2",
    }
    body = '{{% extends "mail/_base.{0}" %}}{{% block body %}}{{{{ lead_name }}}}{{% endblock %}}'
    rich = render_template_string(body.format("html"), **values)
    assert "<hostile-tag" not in rich
    assert html.fromstring(rich).xpath("//a/@href") == ["http://localhost/l/x?a=1&b=2"]
    assert not html.fromstring(rich).xpath("//style | //@style | //script | //img")
    plain = render_template("mail/_base.txt", **values)
    assert "Read & sign:\nhttp://localhost/l/x?a=1&b=2\n" in plain
