"""What a column of an HMIS CSV file may hold, how a cell of it is read and how it is written again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from portal.adapters.tables import Severity

Value = str | int | date | datetime | None


class Kind(StrEnum):
    """How a cell is read; only numbers are written without quotation marks."""

    ID = "id"
    NAME = "name"
    TEXT = "text"
    EMAIL = "email"
    COC = "coc"
    DIGITS = "digits"
    NUMBER = "number"
    CODE = "code"
    DAY = "day"
    MOMENT = "moment"


TEXTS = frozenset({Kind.ID, Kind.NAME, Kind.TEXT, Kind.EMAIL, Kind.COC, Kind.DIGITS})


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header as HUD spells it, its kind, its longest length in characters, and what an empty cell means.

    `empty` is the rule under which an empty cell is warned about; a `required` column without it refuses its row.
    `refers_to` is the file whose id the cell must be.
    """

    header: str
    kind: Kind
    length: int = 0
    required: bool = False
    empty: str = ""
    codes: Mapping[int, str] | None = None
    retired: Mapping[int, str] | None = None
    refers_to: str = ""


class Fault(NamedTuple):
    """What is wrong with a cell, before its file and line are known."""

    severity: Severity
    rule: str
    sentence: str


def column(header: str, kind: Kind, length: int = 0, **more: Any) -> Any:
    """A dataclass field that carries its column; one that may be empty defaults to '' or None."""
    described = Column(header, kind, length, **more)
    default: Any = "" if kind in TEXTS else None
    if described.required and not described.empty:
        return field(metadata={"column": described})
    return field(default=default, metadata={"column": described})


_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_COC = re.compile(r"[A-Z]{2}-\d{3}", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?", re.ASCII)
# Before this year stand only the stopgaps of systems that must have a date, such as January 1, 1900.
_FIRST_LIKELY_YEAR, _LAST_LIKELY_YEAR = 1950, 2100


def _error(rule: str, sentence: str) -> Fault:
    return Fault("error", rule, sentence)


def _read_text(of: Column, text: str) -> tuple[Value, Fault | None]:
    fault: Fault | None = None
    if of.length and len(text) > of.length:
        said = f"{of.header} has {len(text)} characters; the format allows {of.length}."
        if of.kind in {Kind.ID, Kind.NAME}:
            return None, _error("too-long", f"{said} Shorten it where it is kept and export again.")
        fault = Fault("warning", "too-long", f"{said} It comes in as it is; shorten it before the next federal report.")
    elif of.kind is Kind.COC and not _COC.fullmatch(text):
        said = f"{of.header} must be two capital letters, a hyphen and three digits, such as ME-500."
        return None, _error("code", said)
    elif of.kind is Kind.EMAIL and not _EMAIL.fullmatch(text):
        fault = Fault("warning", "email-form", f"{of.header} is not an e-mail address. Correct it, or leave it empty.")
    elif of.kind is Kind.DIGITS and not (text.isascii() and text.isdigit() and len(text) == of.length):
        hint = " A spreadsheet may have dropped zeros at its start." if text.isdigit() and len(text) < of.length else ""
        fault = Fault("warning", f"{of.header.casefold()}-form", f"{of.header} must have {of.length} digits.{hint}")
    return text, fault


def _read_number(of: Column, text: str) -> tuple[Value, Fault | None]:
    if not _NUMBER.fullmatch(text):
        return None, _error("number", f"{of.header} must be a whole number of 0 or more, written in digits only.")
    return int(text), None


def _read_code(of: Column, text: str) -> tuple[Value, Fault | None]:
    codes = of.codes or {}
    number = int(text) if _NUMBER.fullmatch(text) else None
    if number in codes:
        return number, None
    if number in (of.retired or {}):
        said = f"{of.header} {number} has been withdrawn from HUD's list. It comes in; check that the grant has ended."
        return number, Fault("warning", "retired-code", said)
    return None, _error("code", f"{of.header} is none of HUD's codes. Use one of {_listed(codes)}.")


def _listed(codes: Mapping[int, str]) -> str:
    if len(codes) > 14:
        return f"the {len(codes)} codes of HUD's list"
    return ", ".join(f"{code} ({name})" for code, name in codes.items())


def _read_date(of: Column, text: str) -> tuple[Value, Fault | None]:
    form, read, shape = (
        (_DAY, date.fromisoformat, "YYYY-MM-DD")
        if of.kind is Kind.DAY
        else (_MOMENT, datetime.fromisoformat, "YYYY-MM-DD HH:MM:SS")
    )
    value: date | datetime | None = None
    if form.fullmatch(text):
        try:
            value = read(text)
        except ValueError:
            return None, _error("date", f"{of.header} is not a day of the calendar. Correct it and export again.")
    if value is None:
        why = "Spreadsheets like to change this: export the file again and do not save it from a spreadsheet."
        return None, _error("date", f"{of.header} must be written {shape}. {why}")
    if not _FIRST_LIKELY_YEAR <= value.year <= _LAST_LIKELY_YEAR:
        said = f"{of.header} lies in the year {value.year:04d}. Check whether it is a stopgap."
        return value, Fault("warning", "unlikely-date", said)
    return value, None


_READERS = {Kind.NUMBER: _read_number, Kind.CODE: _read_code, Kind.DAY: _read_date, Kind.MOMENT: _read_date}


def read_cell(of: Column, written: str) -> tuple[Value, Fault | None]:
    """The value of a cell and what is wrong with it; a fault of severity `error` comes with no usable value."""
    text = written.strip()
    if text:
        return _READERS.get(of.kind, _read_text)(of, text)
    nothing: Value = "" if of.kind in TEXTS else None
    if of.empty:
        return nothing, Fault("warning", of.empty, f"{of.header} is empty. The row comes in; fill it in at the source.")
    if of.required:
        return None, _error("missing", f"{of.header} is empty; every row needs it. Fill it in and export again.")
    return nothing, None


def as_text(value: Value) -> str:
    """A value in the one form in which the format writes it; an empty text for nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds" if value.microsecond else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
