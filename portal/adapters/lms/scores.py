"""Reads a score exactly: whole numbers all the way, cut off and never rounded, because 79.999 percent is not 80."""

import re
from dataclasses import dataclass
from fractions import Fraction

# A longer number is no score, and turning one into an integer takes time that grows with its square.
_LONGEST = 30
_DECIMAL = re.compile(r"(\d+)(?:\.(\d*))?|\.(\d+)", re.ASCII)
_OF = re.compile(r"\d[\d.]*\s*(/|of|out of)\s*\d[\d.]*", re.IGNORECASE)
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")


@dataclass(frozen=True, slots=True)
class Score:
    """A score as a share of its maximum (0 to 1, exact) and in hundredths of a percent (0 to 10,000, cut off)."""

    share: Fraction
    hundredths: int
    flags: tuple[str, ...] = ()


class ScoreError(ValueError):
    """A score that cannot be read; `column` is `score` or `max_score`, `sentence` says what to do."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence


def _decimal(column: str, written: str) -> Fraction:
    """A plain number as an exact fraction; raises `ScoreError` with a sentence that fits what stands there instead."""
    if written.isascii() and len(written) <= _LONGEST and (parts := _DECIMAL.fullmatch(written)):
        whole, decimals = parts[1] or "0", parts[2] or parts[3] or ""
        return Fraction(int(whole + decimals), 10 ** len(decimals))
    raise ScoreError(column, _why_no_number(column, written))


def _why_no_number(column: str, written: str) -> str:
    if not written:
        return f"The {column} is empty. Fill it in, or leave the row out if there is no result yet."
    if len(written) > _LONGEST:
        return f"The {column} is longer than {_LONGEST} characters. Write it as a plain number."
    if written.startswith(("-", "\N{MINUS SIGN}")):
        return f"The {column} is negative. Correct it; the lowest score is 0."
    if "," in written:
        return f"The {column} has a comma. Write the decimals after a point, as in 79.5, and thousands without a sign."
    if _OF.fullmatch(written):
        return "The score holds its maximum as well. Put the points into score and the maximum into max_score."
    if _DAY.fullmatch(written):
        return f"The {column} looks like a date. The columns may be mixed up; check the header against the cells."
    if "@" in written:
        return f"The {column} holds an e-mail address. The columns may be mixed up; check the header against the cells."
    return f"The {column} is not a number. Write it in digits, as in 85 or 79.5, with or without a percent sign."


def read_score(score: str, max_score: str = "") -> Score:
    """A score from its cell and the cell of its maximum; without a maximum the number is a percentage.

    Raises `ScoreError` for anything but a number from 0 to its maximum, whose maximum is more than 0.
    """
    written, limit = score.strip(), max_score.strip()
    percent = written.endswith("%")
    number = _decimal("score", written.removesuffix("%").rstrip() if percent else written)
    most = _decimal("max_score", limit) if limit else Fraction(100)
    if most == 0:
        raise ScoreError("max_score", "The max_score is 0, so nobody can reach a share of it. Write the highest score.")
    if percent and most != 100:
        said = f"The score has a percent sign and a max_score of {limit}. Give the percentage alone, or the points."
        raise ScoreError("score", said)
    if number > most:
        what = f"its max_score of {limit}" if limit else "100 percent"
        raise ScoreError("score", f"The score {written} is more than {what}. Correct it.")
    share = number / most
    flags = []
    if not limit and not percent and 0 < number <= 1:
        meant = _plain(number * 100)
        flags.append(f"{written} without a maximum is {written} percent: check whether {meant} % was meant.")
    return Score(share, share.numerator * 10_000 // share.denominator, tuple(flags))


def _plain(number: Fraction) -> str:
    """A decimal fraction in digits without zeros at its end."""
    whole, rest = divmod(number, 1)
    decimals = ""
    while rest and len(decimals) < _LONGEST:
        digit, rest = divmod(rest * 10, 1)
        decimals += str(int(digit))
    return f"{int(whole)}.{decimals}" if decimals else str(int(whole))
