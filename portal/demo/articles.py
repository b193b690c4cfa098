"""The made-up community's knowledge base: some articles, one of them old, one with a newer version, one still a draft."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from portal.demo.calendar import Calendar
from portal.demo.driver import Driver
from portal.demo.house import Staff
from portal.models import Article
from portal.services.helpdesk.knowledge import articles
from portal.services.helpdesk.knowledge.articles import Written

ARTICLES = (
    Written(
        title="My password does not work", topic="getting_in", audience="public", words="login, locked, lockout, reset",
        summary="What to do when the HMIS or this portal does not let you in.", kinds=("lockout", "reset"),
        body="## First, wait and try once more\n\nAfter several wrong passwords an account is locked for a while.\n\n"
        "## Then, ask for a link\n\n1. Open the sign-in page.\n2. Choose **Send me a link**.\n3. Open the link in the message. It works once.\n\n"
        "If no message comes, look in the spam folder. Your Agency Administrator can unlock your account, too.",
    ),
    Written(
        title="The phone with my codes is lost", topic="getting_in", audience="public", words="second factor, authenticator, new phone",
        summary="Two people who know you vouch for you; then you set up a new one.", kinds=("lockout",),
        body="Use one of your recovery codes, if you kept them. If you did not:\n\n- Call your Agency Administrator, who knows your voice.\n"
        "- A second person, of the help desk, vouches for you as well.\n- Then you sign in and set up the new phone.",
    ),
    Written(
        title="How long a new account takes", topic="agencies", audience="public", words="waiting, how long, why not yet",
        summary="Every step, and whose turn it is.", kinds=("why_not_yet",),
        body="You see it yourself under **My access**: what is done, what is left, and who holds it.\n\n"
        "Most people wait for their courses. Pass the quizzes, and the rest follows within a business day.",
    ),
    Written(
        title="Two records of one client", topic="quality", audience="signed_in", words="duplicate, merge, twice",
        summary="Never delete one of them: tell the help desk their numbers.", kinds=("data_question",),
        body="## What to send\n\nThe HMIS's own number of each record. **Never a name or a date of birth.**\n\n"
        "## What happens\n\nThe help desk merges the records overnight. Services and stays of both are kept.",
    ),
    Written(
        title="A report stays empty", topic="reports", audience="signed_in", words="no data, blank, ART",
        summary="Nearly always the program or the dates.", kinds=("report",),
        body="1. Choose the program again: after a sign-in the first one is chosen.\n2. Make the dates wider by a day on both ends.\n"
        "3. Run it once more.\n\n| You see | It means |\n|---|---|\n| An empty page | no program was chosen |\n| Only totals | the report counts, and lists nobody |",
    ),
    Written(
        title="Somebody has left", topic="agencies", audience="signed_in", words="departure, quit, deactivate",
        summary="Report it on the day itself.", kinds=("departure",),
        body="Your Agency Administrator opens the person's page and chooses **Report a departure**. Access ends the same day.",
    ),
    Written(
        title="What may never stand in an e-mail", topic="privacy", audience="public", words="client data, name, birth date",
        summary="No name, no birth date, no Social Security number of a client.", kinds=("other",),
        body="Write the HMIS's own number of a record instead. If it happened, tell the help desk at once: it is blacked out for good.",
    ),
)  # fmt: skip


class Articles:
    """Plans when the staff write and publish each of them."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff = driver, calendar, staff
        self.ids: dict[str, int] = {}

    def plan(self) -> None:
        at, last = self.calendar, self.calendar.last
        for number, written in enumerate(ARTICLES):
            day = at.working(last - timedelta(400 if not number else 200 - 20 * number))
            at.morning(day, partial(self._publish, written))
        body = f"{ARTICLES[4].body}\n\nIf it stays empty, ask."
        newer = replace(ARTICLES[4], body=body, why="What to do then was missing.")
        at.morning(at.working(last - timedelta(3)), partial(self._write, newer, ARTICLES[4].title))
        draft = Written(
            title="Working from home", topic="privacy", body="What a home office needs before it is authorized."
        )
        at.afternoon(at.working(last - timedelta(2)), partial(self._write, draft, ""))

    def _publish(self, written: Written) -> None:
        self._write(written, "")
        driver = self.driver
        with driver.change() as session:
            row = session.get_one(Article, self.ids[written.title])
            articles.publish(session, row, number=1, actor=driver.actor(session, self.staff.desk), **driver.about)

    def _write(self, written: Written, of: str) -> None:
        driver = self.driver
        with driver.change() as session:
            row = session.get_one(Article, self.ids[of]) if of else None
            made = articles.write(
                session, row, written=written, actor=driver.actor(session, self.staff.second_desk), **driver.about
            )
            self.ids[written.title] = made.article_id
