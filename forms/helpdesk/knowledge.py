"""The knowledge base on screen: looked for, written, published, retired."""

from collections.abc import Iterable
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import listed
from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices
from forms.fields import Boxes
from forms.security.client_words import Careful

SHOWN = {
    "": "Drafts and what is in print",
    "published": "In print",
    "draft": "Drafts",
    "waiting": "With a newer version",
    "stale": "To be looked at again",
    "unhelpful": "Helped fewer than it did not",
    "retired": "Retired",
    "all": "All of them",
}
AUDIENCES = {"public": "Everybody, without signing in", "signed_in": "Whoever is signed in"}


class Find(Filter):
    q = SearchField("What do you want to know?", [OneLine(200)])


class ArticleFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    topic = SelectField("Topic", [Optional()])
    q = SearchField("Title or summary", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, topics: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.topic.choices = listed([("", "All topics"), *topics])


class Write(Careful):
    """One version of an article."""

    free: ClassVar[tuple[str, ...]] = ("title", "summary", "body")

    title = StringField(
        "Title",
        [DataRequired("Enter a title."), OneLine(150)],
        description="What somebody would look for, such as 'My password does not work'",
    )
    summary = StringField("Summary", [Optional(), OneLine(300)], description="One sentence, shown in lists")
    topic = SelectField("Topic", [InputRequired("Choose a topic.")])
    audience = RadioField("Who may read it", [InputRequired("Choose who may read it.")], choices=choices(AUDIENCES))
    body = TextAreaField(
        "Article",
        [DataRequired("Write the article."), Length(max=60_000, message="At most 60,000 characters.")],
        description="Markdown: ## for a heading, - for a list, 1. for steps, **bold**, [words](https://…). No HTML. Never a client's name.",
    )
    words = StringField(
        "Other words for it", [Optional(), OneLine(300)], description="What people may call it, so that they find it"
    )
    kinds = Boxes("Tickets it answers", [Optional()])
    why = StringField("What has changed", [Optional(), OneLine(300)], description="For whoever compares versions")
    expected = HiddenField()

    def __init__(
        self, *args: Any, topics: Iterable[tuple[str, str]], kinds_offered: Iterable[tuple[str, str]], **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.topic.choices = listed(topics)
        self.kinds.choices = listed(kinds_offered)


class Publish(Form):
    sure = BooleanField(
        "I have read it: it names nobody who must not be named, and holds no client's data", [Optional()]
    )


class Retire(Form):
    reason = TextAreaField("Why", [DataRequired("Say why."), LONG])


class Helped(Form):
    """Whether an article helped; `token` lets somebody who has not signed in say so once."""

    helped = RadioField(
        "Did this help?", [InputRequired("Choose one.")], choices=listed([("yes", "Yes"), ("no", "No")])
    )
    token = HiddenField()
