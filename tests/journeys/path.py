"""The path the portal exists for, step by step: after an Agency has joined, one person's way in and out again."""

from dataclasses import dataclass

from tests.journeys.joining import NELL, Joining
from tests.journeys.people import sign_by_link

PASSWORD_THERE = "Harbor42Lights"


@dataclass
class Path(Joining):
    """All of it."""

    # --- 4: a request, the person signs

    def the_admin_asks_for_access(self) -> None:
        ada = self.who("Ada").follow("People", within="header").follow("Ask for access")
        ada.fill_in(
            first_name="Nell",
            last_name="Sample",
            email=NELL,
            free_mail_ok=None,
            title="Case manager",
            purpose="Enters intakes at the front desk",
            worker="staff",
            start_on=self.today.isoformat(),
            access_level="case_manager_1",
            device_id="1",
            supervisor="Ada Sample",
        ).press("Check your answers")
        ada.sees("Nothing has been sent yet", "Nell Sample", "Case Manager I").press("Send the request").sees(
            "Request sent"
        )
        self.person = ada.path.removesuffix("/asked")

    def the_help_desk_cannot_enrol_before_she_signs(self) -> None:
        self.who("Dana").go("/desk/enrolments").does_not_see("Nell Sample")

    def the_person_signs(self) -> None:
        nell = self.who("Nell")
        sign_by_link(nell, NELL, "Nell Sample", about="read and sign", title="Case manager")
        self.living.settled()
        nell.go("/me").sees("You do not have access yet", "User agreement")

    # --- 5 and 6: courses and results

    def the_help_desk_enrols(self) -> None:
        dana = (
            self.who("Dana")
            .go("/desk/enrolments")
            .follow("Nell Sample")
            .sees("HMIS end user training", "Security awareness training")
        )
        dana.press("Assign these courses").sees("is enrolled in 2 courses")
        self.living.mail.fetch(NELL, about="training assigned")

    def results_come_in(self, *results: tuple[str, str, int]) -> None:
        """(course, score, attempt) by CSV, as the learning system writes them."""
        lines = [
            f"{NELL},{course},{score},100,{self.today} 09:{n:02}:00,{attempt}"
            for n, (course, score, attempt) in enumerate(results, self.imports)
        ]
        self.imports += len(results)
        content = "\n".join(["email,course,score,max_score,taken_at,attempt", *lines, ""]).encode()
        dana = (
            self.who("Dana").go("/desk/training/import").attach("File of results", "results.csv", content, "text/csv")
        )
        dana.press("Try this file").sees("Nothing was written", f"Recorded {len(results)}").press("Import").sees(
            "Imported results.csv"
        )
        self.living.settled()

    def a_result_just_below_keeps_the_gate_shut(self) -> None:
        self.results_come_in(("HMIS end user training", "79.99", 1), ("Security awareness training", "95", 1))
        nell = (
            self.who("Nell")
            .go("/me")
            .sees("79.99 %", "You do not have access yet")
            .follow("Everything that is missing")
        )
        nell.sees("Why not yet?", "Not every assigned course is passed", "HMIS end user training", "23 of 24")
        self.who("Ada").go(f"{self.person}/why").sees("does not have access yet", "What waits for others")
        self.who("Dana").go("/desk/orders").does_not_see("Nell Sample")

    def the_gate_opens_by_itself(self) -> None:
        self.results_come_in(("HMIS end user training", "80", 2))
        self.who("Dana").go("/desk/orders").sees("Make an account", "Nell Sample", "nsample")
        assert not [letter for letter in self.living.mail.letters(NELL) if "Welcome" in letter.subject], (
            "welcomed before the core HMIS confirmed"
        )

    # --- 7: the work order, the welcome, the password

    def the_work_order_is_typed_back(self) -> None:
        dana = self.who("Dana").go("/desk/orders").follow("Make an account", within="main table")
        dana.sees("Type this into the core HMIS", "Sample Harbor Shelter (4100)", "Case Manager I")
        dana.fill_in(typed_user_id="nsampl", temporary_password=PASSWORD_THERE, really_made=None).press(
            "Confirm", expect=400
        )
        dana.sees("You typed nsampl, and this order is for nsample")
        dana.fill_in(typed_user_id="nsample", temporary_password=PASSWORD_THERE, really_made=None).press(
            "Confirm"
        ).sees("Confirmed")

    def the_person_is_welcomed_and_sees_the_password_once(self) -> None:
        letter = self.living.mail.fetch(NELL, about="Welcome to the core HMIS")
        assert PASSWORD_THERE not in letter.text + letter.html and "nsample" in letter.text
        nell = self.who("Nell").go("/me").sees("Your temporary password is ready").press("Show my temporary password")
        nell.sees(PASSWORD_THERE, "This is the only time it is shown")
        nell.go("/me").does_not_see(PASSWORD_THERE, "Your temporary password is ready").sees(
            "You have had access since"
        )

    # --- 8: she leaves

    def the_admin_deactivates(self) -> None:
        ada = self.who("Ada").go(self.person).follow("Deactivate")
        ada.sees(
            "The account nsample in the core HMIS is ordered to be removed",
            "The license goes back",
            "The HMIS Lead is told at once",
        )
        ada.fill_in(when="now", last_day=None, reason="Left the shelter").press("Deactivate Nell Sample").sees(
            "was deactivated"
        )
        nell = self.who("Nell").go("/me")
        assert nell.path.startswith("/sign-in"), "signed out at once"
        ada.follow("Agency", within="header").follow("Licenses", within="main").sees("In use 0 Reserved 1 Free 1")
        self.living.mail.fetch("hmis-help@example.org", about="N. S. has left")
        dana = self.who("Dana").go("/desk/orders").follow("Remove an account", within="main table")
        dana.fill_in(typed_user_id="nsample").press("Confirm").sees("Confirmed")
