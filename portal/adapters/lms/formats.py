"""The two column sets of training files, and how a file's header tells which one it has."""

from collections.abc import Mapping, Sequence
from typing import Literal

from portal.adapters.tables import header_key

Format = Literal["bridge", "plain", ""]

COLUMNS: Mapping[Format, tuple[str, ...]] = {
    "bridge": ("learner", "uid", "program", "course", "score", "due", "completed", "status"),
    "plain": ("email", "course", "score", "max_score", "taken_at", "attempt"),
}
# Bridge's own manual names some columns of the export at more length than the file does.
ALIASES = {
    "learner_name": "learner",
    "user_id": "uid",
    "user_id_(uid)": "uid",
    "program_name": "program",
    "course_name": "course",
    "due_date": "due",
    "date_completed": "completed",
    "completed_date": "completed",
    "e_mail": "email",
}


def column_key(header: str) -> str:
    """The name by which a column is known, however its header is spelt."""
    key = header_key(header)
    return ALIASES.get(key, key)


def format_of(headers: Sequence[str]) -> tuple[Format, str]:
    """The format whose columns are all there, or '' and a sentence that names what was found and what was expected."""
    keys = [column_key(header) for header in headers]
    seen = ", ".join(header.strip() for header in headers[:30])
    fitting: list[Format] = [form for form, expected in COLUMNS.items() if set(expected) <= set(keys)]
    if len(fitting) == 1:
        twice = sorted({key for key in keys if keys.count(key) > 1 and key in COLUMNS[fitting[0]]})
        if twice:
            return "", f"The header names the column {twice[0]} twice: {seen}. Leave one of them."
        return fitting[0], ""
    if fitting:
        return "", f"The file has the columns of both formats: {seen}. Send one format in a file."
    nearest = max(COLUMNS, key=lambda form: len(set(COLUMNS[form]) & set(keys)))
    missing = ", ".join(name for name in COLUMNS[nearest] if name not in keys)
    return "", (
        f"These are not the columns of a training file: found {seen}; expected either {', '.join(COLUMNS['plain'])} "
        f"or Bridge's {', '.join(COLUMNS['bridge'])}. The nearer of the two still lacks {missing}."
    )
