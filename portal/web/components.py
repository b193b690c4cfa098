"""The small words and figures that every template uses: Jinja filters and globals, registered once by `init_app`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import wtforms
from flask import Flask, request, url_for
from wtforms.widgets import CheckboxInput

PAGING = frozenset({"page", "after", "before"})

WIDTHS = frozenset({"2xs", "xs", "sm", "md", "lg", "xl", "2xl"})

# The tone of every status word; a word that is not here is shown plain.
TONES: Mapping[str, str] = {
    "good": "met done permitted viewed_on_site verified accepted approved authorized signed countersigned executed"
    " ready free passed cleared issued active restored confirmed",
    "wait": "held waiting due_soon late returned awaiting_signature queued pending provisioning warning",
    "stop": "unmet refused overdue rejected declined failed not_cleared suspended revoked terminated lapsed expired"
    " error",
    "info": "waived inherited open to_do in_progress sent submitted requested reserved assigned enrolled ordered"
    " running new",
}
TONE_OF = {status: tone for tone, statuses in TONES.items() for status in statuses.split()}

# Statuses that people read under other words than their own.
WORDS: Mapping[str, str] = {
    "unmet": "Not met",
    "not_applicable": "Does not apply",
    "cannot_start": "Cannot start yet",
    "cancelled": "Canceled",
    "ready": "Ready to issue",
    "queued": "In the queue",
    "failed": "Not passed",
    "provisioning": "Being set up",
    "error": "Needs attention",
}

# What shows each class of field, first match first: by class, since subclasses of ours carry names of their own.
CONTROLS: tuple[tuple[type, str], ...] = (
    (wtforms.HiddenField, "hidden"),
    (wtforms.SubmitField, "submit"),
    (wtforms.RadioField, "radio"),
    (wtforms.FileField, "file"),
    (wtforms.BooleanField, "checkbox"),
    (wtforms.FormField, "group"),
    (wtforms.FieldList, "list"),
    (wtforms.TextAreaField, "textarea"),
    (wtforms.SelectFieldBase, "select"),
)

CLASSES = {
    "select": "usa-select",
    "textarea": "usa-textarea",
    "file": "portal-file",
    "checkbox": "usa-checkbox__input",
}


class FormError(NamedTuple):
    """One line of the error summary: `target` is the id of the control, empty where none can be linked."""

    target: str
    message: str


class Sorting(NamedTuple):
    """How one column is sorted now (`aria`: ascending, descending or none), and the address that sorts it next."""

    href: str
    aria: str


def init_app(app: Flask, *, zone: str = "America/New_York", zone_name: str = "Eastern") -> None:
    """Give `app` the filters and globals of the components; `zone` is the Lead's, `zone_name` what people call it."""
    here = ZoneInfo(zone)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        us_date=us_date,
        ago=ago,
        percent=percent,
        initials=initials,
        plural=plural,
        money=money,
        status_word=status_word,
        us_time=lambda moment: us_time(moment, zone=here, zone_name=zone_name),
        us_day=lambda moment: us_date(local_day(moment, here)),
    )
    app.jinja_env.globals.update(
        address=address,
        asset=asset,
        control_of=control_of,
        control_attributes=control_attributes,
        errors_of=lambda form: list(errors_of(form)),
        own_errors=own_errors,
        sorting=sorting,
        status_tone=status_tone,
    )


def us_date(day: date | datetime | None) -> str:
    """'November 23, 2026' for a day; nothing for None. A `datetime` is refused: which day it is depends on the zone.

    Raises TypeError for a `datetime`; use `us_day` or `us_time` for moments.
    """
    if day is None:
        return ""
    if isinstance(day, datetime):
        raise TypeError("us_date takes a day; use us_time or us_day for a moment.")
    return f"{day:%B} {day.day}, {day.year}"


def local_day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    """The calendar day in `zone` on which the naive UTC `moment` falls."""
    return None if moment is None else moment.replace(tzinfo=UTC).astimezone(zone).date()


def us_time(moment: datetime | None, *, zone: ZoneInfo, zone_name: str) -> str:
    """'November 23, 2026 at 3:05 p.m. Eastern' for a naive UTC moment; nothing for None."""
    if moment is None:
        return ""
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{us_date(local.date())} at {local.hour % 12 or 12}:{local.minute:02} {half} {zone_name}"


def ago(moment: datetime | None, now: datetime) -> str:
    """'3 days ago', 'in 2 hours', 'just now': how far the naive UTC `moment` is from `now`, in whole units."""
    if moment is None:
        return ""
    seconds = int((now - moment).total_seconds())
    past, seconds = seconds >= 0, abs(seconds)
    for unit, size in (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            many = plural(seconds // size, unit)
            return f"{many} ago" if past else f"in {many}"
    return "just now"


def percent(hundredths: int | None) -> str:
    """'79.99 %' for 7999 hundredths of a percent: exact, never rounded, so that a near miss never reads as a pass."""
    if hundredths is None:
        return ""
    sign, rest = ("-" if hundredths < 0 else ""), abs(hundredths)
    whole, part = divmod(rest, 100)
    return f"{sign}{whole}" + (f".{part:02}".rstrip("0") if part else "") + " %"


def initials(name: str | None) -> str:
    """'J. S.' for 'Jamie Sample': what mail and notices may show of a name."""
    return " ".join(f"{word[0].upper()}." for word in (name or "").split())


def plural(count: int, one: str, many: str | None = None) -> str:
    """'1 person', '2 people': a count with its noun; `many` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def money(cents: int | None) -> str:
    """'$1,250.00' for 125000 cents."""
    if cents is None:
        return ""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{part:02}"


def status_word(status: object) -> str:
    """The words that people read for a status: 'Does not apply' for 'not_applicable'."""
    text = str(status)
    return WORDS.get(text) or text.replace("_", " ").capitalize()


def status_tone(status: object) -> str:
    """The tone of a status' tag: good, wait, stop, info or plain."""
    return TONE_OF.get(str(status), "plain")


def address(**changes: Any) -> str:
    """This page's address with its query changed: None takes an argument away, other changes drop the paging."""
    arguments = request.args.to_dict(flat=False)
    if not changes.keys() & PAGING:
        arguments = {name: values for name, values in arguments.items() if name not in PAGING}
    for name, value in changes.items():
        arguments.pop(name, None)
        if value is not None:
            arguments[name] = list(value) if isinstance(value, (list, tuple)) else [value]
    query = urlencode(arguments, doseq=True)
    return f"{request.script_root}{request.path}" + (f"?{query}" if query else "")


def sorting(key: str) -> Sorting:
    """How the list is sorted by the column `key` now, by the address' `sort` ('name' up, '-name' down)."""
    now = request.args.get("sort", "")
    if now == key:
        return Sorting(address(sort=f"-{key}"), "ascending")
    return Sorting(address(sort=key), "descending" if now == f"-{key}" else "none")


def asset(name: str) -> str:
    """The address of a static file, with a mark of its content so that it may be cached for long."""
    return url_for("static", filename=name, v=_mark(name))


@lru_cache
def _mark(name: str) -> str:
    return hashlib.sha256((Path(__file__).parent / "static" / name).read_bytes()).hexdigest()[:12]


def control_of(field: wtforms.Field) -> str:
    """What kind of control shows a WTForms field; 'parts' for a field of ours that wants several inputs."""
    if hasattr(field, "parts"):
        return "parts"
    if isinstance(field, wtforms.SelectMultipleField) and isinstance(field.option_widget, CheckboxInput):
        return "checkboxes"
    return next((control for kind, control in CONTROLS if isinstance(field, kind)), "text")


def control_attributes(field: wtforms.Field, hint: bool, width: str | None = None, **extra: Any) -> dict[str, Any]:
    """The attributes of a field's control: class by kind, and what describes it to a screen reader.

    Raises ValueError for a width that is none of WIDTHS.
    """
    if width is not None and width not in WIDTHS:
        raise ValueError(f"The width {width!r} is none of {', '.join(sorted(WIDTHS))}.")
    names = [CLASSES.get(control_of(field), "usa-input")]
    names += [f"usa-input--{width}"] if width else []
    names += ["usa-input--error"] if field.errors else []
    found: dict[str, Any] = {"class": " ".join(names)}
    described = ([f"{field.id}-hint"] if hint else []) + ([f"{field.id}-error"] if field.errors else [])
    if described:
        found["aria-describedby"] = " ".join(described)
    if field.errors:
        found["aria-invalid"] = "true"
    return found | {name.replace("_", "-"): value for name, value in extra.items() if value is not None}


def errors_of(form: wtforms.form.BaseForm) -> Iterator[FormError]:
    """Every error of a form in the order of its fields, nested ones included, then the errors of the whole."""
    for field in form:
        yield from _errors_of_field(field)
    for message in getattr(form, "form_errors", ()):
        yield FormError("", str(message))


def _errors_of_field(field: wtforms.Field) -> Iterator[FormError]:
    if isinstance(field, wtforms.FormField):
        yield from errors_of(field.form)
        return
    if isinstance(field, wtforms.FieldList):
        for entry in field:
            yield from _errors_of_field(entry)
    for message in own_errors(field):
        yield FormError(_target(field), message)


def own_errors(field: wtforms.Field) -> list[str]:
    """What is wrong with the field itself; a list repeats the errors of its entries, which stand at the entries."""
    return [str(message) for message in field.errors if not isinstance(message, (Mapping, list, tuple))]


def _target(field: wtforms.Field) -> str:
    parts = getattr(field, "parts", None)
    if parts is not None:
        return str(parts()[0]["id"])
    control = control_of(field)
    if control == "hidden":
        return ""
    return f"{field.id}-0" if control in {"radio", "checkboxes"} else str(field.id)
