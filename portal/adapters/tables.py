"""Tables as CSV: read whatever people send with its line numbers, write what a spreadsheet opens without harm."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found in a file that was read.

    An `error` refuses the row (or, at line 0, the whole file), a `warning` lets it in, a `note` only says what was
    left out. `line` is where the row begins in the file, whose header is line 1; `rule` names the kind of problem.
    """

    severity: Severity
    file: str
    line: int
    column: str
    value: str
    sentence: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read before a file is refused; bytes are counted after unpacking."""

    bytes: int = 32_000_000
    rows: int = 250_000
    columns: int = 200


class TableError(ValueError):
    """A file that cannot be read as a table; `sentence` says what to do, `line` where reading stopped (0: at once)."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


class Line(NamedTuple):
    """A row: the line in which it begins, its cells as written, and what is wrong with its shape ('' if nothing)."""

    number: int
    cells: tuple[str, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was written; `stopped` is set where reading had to end before the file did."""

    headers: tuple[str, ...]
    lines: list[Line]
    encoding: str
    delimiter: str
    stopped: TableError | None = field(default=None)


# --- reading ---------------------------------------------------------------------------------------------------------

_NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or a zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
)
_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r'\A"?sep=(?P<sign>[,;\t|])"?(\r\n|\n|\r)')


def header_key(header: str) -> str:
    """A header without what people vary: case, spaces around it, and space, hyphen or underscore between its words."""
    return re.sub(r"[\s_-]+", "_", header.strip().casefold())


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file and the encoding it was read in: UTF-8 or UTF-16 by its mark, UTF-8, else Windows-1252.

    Raises `TableError` for what is no text at all.
    """
    for magic, what in _NOT_TEXT:
        if data.startswith(magic):
            raise TableError(f"This is {what}, not a CSV file. Open it, save it as type CSV, and send that file.")
    if data.startswith(codecs.BOM_UTF8):
        encodings = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding
    raise TableError("This is not a text file, or it is damaged. Save it again as 'CSV UTF-8' and send that file.")


def _delimiter(first_line: str, known: Collection[str]) -> str:
    """The sign between cells: the one that yields most of the expected headers, else most columns; a comma in doubt."""
    best, best_score = ",", (0, 0)
    for sign in _DELIMITERS:
        headers = next(csv.reader([first_line], delimiter=sign), [])
        score = (len({header_key(header) for header in headers} & set(known)), len(headers))
        if score > best_score:
            best, best_score = sign, score
    return best


def _csv_sentence(error: csv.Error) -> str:
    if "field limit" in str(error):
        return "A cell is longer than 130,000 characters; probably a quotation mark is missing. Add it and try again."
    return (
        "A quotation mark is out of place in the row that begins here, so nothing after it can be read. "
        "A text in quotation marks must end with one, and a quotation mark inside it is written twice."
    )


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every record that is not blank, with the line in which it begins; `TableError` at a misplaced quotation mark."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableError(_csv_sentence(error), begins) from None
        if any(map(str.strip, cells)):
            yield begins, cells


def _headers(cells: list[str], line: int, limits: Limits) -> tuple[str, ...]:
    while cells and not cells[-1].strip():
        cells.pop()
    if len(cells) > limits.columns:
        said = f"The file has {len(cells)} columns; at most {limits.columns} are read."
        raise TableError(f"{said} Send only the columns asked for.", line)
    seen: dict[str, str] = {}
    for position, header in enumerate(cells, start=1):
        key = header_key(header)
        if not key:
            raise TableError(f"Column {position} has no name in the header. Name it or delete it.", line)
        if key in seen:
            raise TableError(f"The header names the column {header.strip()} twice. Delete or rename one.", line)
        seen[key] = header
    return tuple(cells)


def _shaped(cells: list[str], width: int) -> tuple[tuple[str, ...], str]:
    """The cells at the width of the header (empty ones beyond it dropped) and what is wrong with their number."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) == width:
        return tuple(cells), ""
    why = (
        "Put quotation marks around a text that contains the sign between columns."
        if len(cells) > width
        else "The row ends too early; give every column its cell, even if it is empty."
    )
    return tuple(cells), f"This row has {len(cells)} cells and the header has {width}. {why}"


def read_table(data: bytes, *, known: Collection[str] = (), limits: Limits | None = None) -> Table:
    """Read a table with a header from the bytes of a file; `known` are header keys that help to find the delimiter.

    Any of comma, semicolon, tab and bar between cells, any line end, any quoting; blank lines are passed over. Raises
    `TableError` when nothing can be read; when only the rest cannot, the table carries `stopped`.
    """
    limits = limits or Limits()
    if len(data) > limits.bytes:
        raise TableError(f"The file is larger than {limits.bytes // 1_000_000:,} MB. Split it and send the parts.")
    text, encoding = decode(data)
    offset = 0
    if named := _SEP_LINE.match(text):  # spreadsheets write 'sep=;' above the header, and hide it
        text, delimiter, offset = text[named.end() :], named["sign"], 1
    else:
        first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
        delimiter = _delimiter(first, known)
    records = _records(text, delimiter)
    begins, cells = next(records, (0, []))
    if not cells:
        raise TableError("The file is empty. It needs a header with the names of the columns and a line for each row.")
    headers = _headers(cells, begins + offset, limits)
    lines: list[Line] = []
    stopped = None
    try:
        for begins, cells in records:
            if len(lines) >= limits.rows:
                raise TableError(f"The file has more than {limits.rows:,} rows. Split it and send the parts.", begins)
            lines.append(Line(begins + offset, *_shaped(cells, len(headers))))
    except TableError as error:
        stopped = TableError(error.sentence, error.line + offset)
    return Table(headers, lines, encoding, delimiter, stopped)


# --- writing ---------------------------------------------------------------------------------------------------------

# The minus sign of typography is no formula in every spreadsheet, but it is in some.
_FORMULA_SIGNS = frozenset("=+-@\N{MINUS SIGN}")
_NUMBER = re.compile(r"[+-]?\$?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d{1,3})?%?", re.ASCII)
_PHONE = re.compile(r"\+\d{1,3}([ .-]?\(?\d{1,5}\)?){1,6}", re.ASCII)


def _starts_formula(text: str) -> bool:
    """Whether a spreadsheet could take it for a formula: a leading control, or the first visible sign in any width."""
    if unicodedata.category(text[0]) == "Cc":
        return True
    for sign in text:
        if sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}:
            continue
        return unicodedata.normalize("NFKC", sign)[:1] in _FORMULA_SIGNS
    return False


def escape_cell(value: object) -> str:
    """A value as the text of a cell that no spreadsheet runs as a formula.

    What could start a formula gets an apostrophe before it. Numbers stay as they are, negative ones too; a phone number
    with its country code stays legible, its hyphens as spaces because a spreadsheet would subtract +1-207-555-0100.
    None is empty, a truth is yes or no, a day is ISO, a moment is ISO with a space and without fractions of a second.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
    if not text or _NUMBER.fullmatch(text):
        return text
    if _PHONE.fullmatch(text):
        return text.replace("-", " ")
    return f"'{text}" if _starts_formula(text) else text


def to_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV text with CRLF line ends and every cell escaped; encode it as `utf-8-sig` for spreadsheets.

    Raises ValueError when a row is not as wide as the header.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([escape_cell(header) for header in headers])
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"a row of {len(row)} cells under {len(headers)} headers")
        writer.writerow([escape_cell(cell) for cell in row])
    return out.getvalue()


REPORT_HEADERS = ("file", "line", "column", "value", "severity", "rule", "reason")
_REPORT_VALUE = 200


def report_csv(problems: Iterable[Problem]) -> str:
    """The report of an import as CSV text: every rejected row by line, column and reason, errors first in each file."""
    order = {"error": 0, "warning": 1, "note": 2}
    ranked = sorted(problems, key=lambda found: (found.file, order[found.severity], found.line))
    rows = (
        (each.file, each.line or "", each.column, each.value[:_REPORT_VALUE], each.severity, each.rule, each.sentence)
        for each in ranked
    )
    return to_csv(REPORT_HEADERS, rows)
