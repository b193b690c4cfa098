"""How the portal says no: one exception with a reason and a sentence that says what to do."""

from workflows.vocabulary import Reason


class Refused(Exception):
    """A refusal. `field` names the form field it concerns, where there is one."""

    def __init__(self, reason: Reason, sentence: str, field: str = ""):
        super().__init__(sentence)
        self.reason, self.sentence, self.field = reason, sentence, field


def bad_input(sentence: str, field: str = "") -> Refused:
    return Refused(Reason.BAD_INPUT, sentence, field)


def not_found() -> Refused:
    return Refused(Reason.NOT_FOUND, "There is nothing here, or it is not yours to see.")
