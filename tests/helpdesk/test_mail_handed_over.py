"""A message is handed to a real server once: whatever breaks, it was not taken, or it is said that nobody knows."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from portal.adapters.mail import MailError, MailUncertain, Message, make_mailer
from portal.adapters.mail.port import as_email
from tests.support.post import STAGES, Post, post_office

AT = datetime(2026, 11, 23, 15, 0)


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office() as running:
        yield running


def message(**changes: object) -> Message:
    values: dict[str, object] = {
        "id": "WzEsMl0.aSNz8A.signature", "sender": "HMIS help desk <hmis-help@example.org>", "to_name": "Jamie", "to_email": "jamie@shelter.example",
        "subject": "[HD-1] A report", "text": "Hello.\n.\n..dots\n", "html": "<p>Hello.</p>", "sent_at": AT, "automatic": "",
    }  # fmt: skip
    return Message(**(values | changes))  # type: ignore[arg-type]


def hand_over(post: Post, **changes: object) -> tuple[tuple[str, ...], list[str]]:
    """What was refused, and at which moment `before` was called."""
    called: list[str] = []
    refused = make_mailer(post.url).send(message(**changes), before=lambda: called.append(f"taken {len(post.taken)}"))
    return refused, called


def test_it_arrives_with_copies_references_and_nothing_that_says_it_was_automatic(post: Post) -> None:
    refused, called = hand_over(
        post, cc=(("Kim, Robin", "kim@shelter.example"), ("", "lee@shelter.example")), in_reply_to="own.1@shelter.example",
        references=tuple(f"{'x' * 60}{n}@shelter.example" for n in range(12)),
    )  # fmt: skip
    assert (refused, called) == ((), ["taken 0"])
    [taken] = post.taken
    assert taken.to == ("jamie@shelter.example", "kim@shelter.example", "lee@shelter.example")
    assert taken.sender == "hmis-help@example.org"
    assert taken.mail["Message-ID"] == "<WzEsMl0.aSNz8A.signature@example.org>" == f"<{message().message_id}>"
    assert taken.mail["In-Reply-To"] == "<own.1@shelter.example>"
    assert str(taken.mail["References"]).split() == [f"<{'x' * 60}{n}@shelter.example>" for n in range(12)]
    assert [each.display_name for each in taken.mail["Cc"].addresses] == ["Kim, Robin", ""]
    assert taken.mail["Auto-Submitted"] is None
    text, html = taken.mail.get_body(("plain",)), taken.mail.get_body(("html",))
    assert text is not None and text.get_content().splitlines() == ["Hello.", ".", "..dots"]
    assert html is not None and "<p>Hello.</p>" in html.get_content()


def test_an_id_longer_than_a_line_stays_as_it_is() -> None:
    raw = as_email(
        message(id="a" * 300, in_reply_to=f"{'b' * 300}@x.example", references=("c" * 300 + "@x.example",))
    ).as_bytes()
    for letter in "abc":
        assert letter.encode() * 300 in raw


def test_an_acknowledgement_says_that_it_is_one(post: Post) -> None:
    hand_over(post, automatic="auto-replied")
    assert post.taken[0].mail["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize("stage", STAGES)
def test_breaking_off_before_the_message_is_sent_is_no_doubt(post: Post, stage: str) -> None:
    post.cut = stage
    with pytest.raises(MailError) as error:
        make_mailer(post.url).send(message())
    assert not isinstance(error.value, MailUncertain) and not error.value.final
    assert post.taken == [] and post.connections == 1


@pytest.mark.parametrize(("stage", "arrived"), [("answer", 1), ("lost", 0), ("text", 0)])
def test_breaking_off_once_the_message_was_sent_is_doubt(post: Post, stage: str, arrived: int) -> None:
    """Seen from here all are the same: the server has it, or it has not."""
    post.cut = stage
    with pytest.raises(MailUncertain):
        make_mailer(post.url).send(message())
    assert len(post.taken) == arrived and post.connections == 1


def test_a_server_that_is_silent_for_too_long_is_doubt(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from portal.adapters.mail import smtp
    from tests.support import post as running

    async def silent(self, server, session, envelope):  # type: ignore[no-untyped-def]
        await asyncio.sleep(1)
        return "250 at last"

    monkeypatch.setattr(running._Handler, "handle_DATA", silent)
    monkeypatch.setattr(smtp, "LAST_ANSWER", 0.1)
    with pytest.raises(MailUncertain):
        make_mailer(post.url).send(message())


@pytest.mark.parametrize(
    ("stage", "said", "final"),
    [("MAIL", "452 full", False), ("DATA", "451 later", False), ("DATA", "554 no", True), ("text", "451 greylisted", False), ("text", "554 spam", True)],
)  # fmt: skip
def test_what_the_server_refuses_was_not_taken_and_says_whether_for_good(
    post: Post, stage: str, said: str, final: bool
) -> None:
    post.say[stage] = said
    with pytest.raises(MailError, match=said[:3]) as error:
        make_mailer(post.url).send(message())
    assert error.value.final is final and not isinstance(error.value, MailUncertain)
    assert post.taken == []


def test_whom_it_is_refused_for_is_said_and_the_others_get_it(post: Post) -> None:
    refused, _ = hand_over(post, cc=(("", "nobody@refused.example"),))
    assert refused == ("nobody@refused.example",) and post.taken[0].to == ("jamie@shelter.example",)


@pytest.mark.parametrize(("address", "final"), [("x@refused.example", True), ("x@later.example", False)])
def test_nobody_left_is_not_taken(post: Post, address: str, final: bool) -> None:
    with pytest.raises(MailError) as error:
        make_mailer(post.url).send(message(to_email=address))
    assert error.value.final is final and post.taken == []


def test_what_stops_it_at_the_last_moment_stops_it(post: Post) -> None:
    class Stop(Exception):
        pass

    def before() -> None:
        raise Stop

    with pytest.raises(Stop):
        make_mailer(post.url).send(message(), before=before)
    assert post.taken == []


@pytest.mark.parametrize(
    "changes",
    [
        {"cc": (("A\r\nBcc: thief@evil.example", "a@shelter.example"),)}, {"cc": (("", "a@shelter.example\nBcc: thief@evil.example"),)},
        {"in_reply_to": "a@b>\r\nBcc: thief@evil.example"}, {"references": ("a@b>\r\nBcc: thief@evil.example",)},
    ],
)  # fmt: skip
def test_a_hostile_header_is_refused(post: Post, changes: dict[str, object]) -> None:
    with pytest.raises(MailError) as error:
        make_mailer(post.url).send(message(**changes))
    assert error.value.final and post.connections == 0


def test_a_foreign_address_goes_where_the_server_takes_it(post: Post) -> None:
    hand_over(post, to_email="анна@shelter.example")
    assert post.taken[0].to == ("анна@shelter.example",)
