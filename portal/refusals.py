"""How the portal says no: one exception with a reason and a sentence that says what to do."""

from contextvars import ContextVar

from workflows.vocabulary import Reason

_noticed: ContextVar["list[Refused] | None"] = ContextVar("noticed", default=None)


def notice() -> "list[Refused]":
    """A list that every refusal in this context joins from now on, also one that a page shows beside its form."""
    found: list[Refused] = []
    _noticed.set(found)
    return found


class Refused(Exception):
    """A refusal. `field` names the form field it concerns, where there is one."""

    def __init__(self, reason: Reason, sentence: str, field: str = ""):
        super().__init__(sentence)
        self.reason, self.sentence, self.field = reason, sentence, field
        if (noticed := _noticed.get()) is not None:
            noticed.append(self)


def bad_input(sentence: str, field: str = "") -> Refused:
    return Refused(Reason.BAD_INPUT, sentence, field)


def a_reason(
    text: str,
    ask: str = "Say why, in a few words: it stays on record.",
    *,
    field: str = "reason",
    least: int = 3,
    most: int = 1000,
) -> str:
    """What was given as a reason, as it goes on record: white space folded; BAD_INPUT for too little or too much."""
    why = " ".join(text.split())
    if len(why) < least:
        raise bad_input(ask, field)
    if len(why) > most:
        raise bad_input(f"At most {most:,} characters; this has {len(why):,}. Shorten it.", field)
    return why


def not_found() -> Refused:
    return Refused(Reason.NOT_FOUND, "There is nothing here, or it is not yours to see.")
