"""Writes a table as an Excel workbook in which every text is a text: nothing in it is ever run or followed."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

MOST_ROWS = 1_048_576
LONGEST = 32_767
WIDEST = 60


def to_workbook(headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "List") -> bytes:
    """The bytes of a workbook with one sheet: a bold header that stays in place, days as days, texts as texts.

    Raises ValueError for more rows than a sheet has.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet(title[:31])
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    widths = [len(header) for header in headers]
    for at, header in enumerate(headers):
        sheet.write_string(0, at, header, bold)
    for number, row in enumerate(rows, start=1):
        if number >= MOST_ROWS:
            raise ValueError("a sheet of a workbook has 1,048,576 rows; write CSV instead")
        for at, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(number, at, value, moment)
            elif isinstance(value, date):
                sheet.write_datetime(number, at, datetime(value.year, value.month, value.day), day)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                sheet.write_number(number, at, value)
            elif value is not None:
                sheet.write_string(number, at, str(value)[:LONGEST])
            widths[at] = min(WIDEST, max(widths[at], len(str(value or ""))))
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width + 2)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
