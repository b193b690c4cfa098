"""Plans and policies on screen: the draft, its feedback round, comments and answers, the vote, tasks, reviews, changes."""

from collections.abc import Iterable
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from forms.access_request import Day, Several, listed
from forms.base import Form, OneLine
from forms.desk import LONG
from forms.security.client_words import Careful

PLAN_FILE = "PDF, up to 15 megabytes and 300 pages"
MINUTES = "PDF, PNG or JPEG, up to 15 megabytes"
VOTES = NumberRange(0, 1000, "Enter a whole number from 0 to 1,000.")


class DraftPlan(Form):
    changes = TextAreaField(
        "What is new in this version",
        [DataRequired("Say in a sentence or two what is new."), Length(max=2000, message="At most 2,000 characters.")],
        description="For whoever comments and votes. For the first version: what the plan is for.",
    )
    body = TextAreaField(
        "Text",
        [Optional(), Length(max=200_000, message="At most 200,000 characters. Upload it as a PDF instead.")],
        description="Begin a heading with #, an item of a list with a hyphen. Leave it empty where the PDF says it all.",
    )
    file = FileField("Plan as a PDF", [Optional()], description=PLAN_FILE)


class AskForFeedback(Form):
    until = Day("Last day for comments", [InputRequired("Enter the last day for comments.")])


class Comment(Careful):
    free = ("place", "comment")

    agency_id = SelectField("For which Agency", [Optional()], coerce=lambda value: int(value) if value else None)
    place = StringField("About which part", [Optional(), OneLine(200)], description="A heading or a page, if any")
    comment = TextAreaField(
        "Comment",
        [DataRequired("Write your comment."), Length(max=4000, message="At most 4,000 characters.")],
        description="Agencies, the Board and the Committee read it without your name. Never a client's name.",
    )

    def __init__(self, *args: Any, agencies: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        offered = list(agencies)
        if len(offered) < 2:
            del self.agency_id
        else:
            self.agency_id.choices = listed(offered)


class Answer(Careful):
    free = ("answer",)

    taken_up = RadioField(
        "Is it taken up?",
        [InputRequired("Say whether it is taken up.")],
        choices=listed([("yes", "Yes"), ("partly", "In part"), ("no", "No")]),
    )
    answer = TextAreaField(
        "Answer",
        [DataRequired("Answer the comment."), Length(max=4000, message="At most 4,000 characters.")],
        description="Everybody who sees the comment sees the answer.",
    )


class RecordVote(Form):
    decision = RadioField(
        "What did the Board decide?",
        [InputRequired("Choose one of the two.")],
        choices=listed([("approve", "The plan is approved"), ("send_back", "The plan is sent back to the Lead")]),
    )
    voted_on = Day("Day of the vote", [InputRequired("Enter the day of the vote.")])
    votes_for = IntegerField("Votes for it", [InputRequired("Enter a number; 0 for none."), VOTES])
    against = IntegerField("Votes against it", [InputRequired("Enter a number; 0 for none."), VOTES])
    abstained = IntegerField("Abstained", [InputRequired("Enter a number; 0 for none."), VOTES])
    minutes = FileField("Minutes", [FileRequired("Add the minutes of the meeting.")], description=MINUTES)
    note = TextAreaField(
        "Note", [Optional(), LONG], description="Conditions the Board made, or why it sent the plan back"
    )


class AddTask(Form):
    what = StringField("What is to be done", [DataRequired("Say what is to be done."), OneLine(500)])
    owner_id = SelectField("Who does it", [InputRequired("Choose who does it.")], coerce=int)
    due = Day("By when", [InputRequired("Enter the last day.")])

    def __init__(self, *args: Any, owners: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.owner_id.choices = listed(owners)


class FinishTask(Form):
    note = StringField("Note", [Optional(), OneLine(500)], description="What was done, or where it can be seen")


class PutInForce(Form):
    since = Day("In force from", [InputRequired("Enter the first day on which it is in force.")])


class NoChange(Form):
    on = Day("Day of the review", [InputRequired("Enter the day of the review.")])
    note = TextAreaField(
        "What was looked at",
        [DataRequired("Say what was looked at, and why nothing has to change."), LONG],
        description="And why nothing has to change",
    )


class WithdrawPlan(Form):
    reason = TextAreaField("Why", [DataRequired("Say why it is withdrawn."), LONG])


class EnterChange(Form):
    what = TextAreaField("What was changed", [DataRequired("Say in a sentence what was changed."), LONG])
    changed_on = Day("Day of the change", [InputRequired("Enter the day of the change.")])
    kinds = Several("Which plans does it touch?", [DataRequired("Choose at least one plan.")])

    def __init__(self, *args: Any, plans: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kinds.choices = listed(plans)
