"""The present password, asked for once more before what would take an account over: a new password, a new address."""

from flask_login import current_user

from forms.sign_in import ChangePassword, OwnAddress, Present
from portal.db import reading, transaction
from portal.services.account import sign_in
from portal.web import kernel
from portal.web.kernel import actor, now, policy, sessions

NOT_PRESENT = "This is not your present password. After three failures the account is locked until somebody unlocks it."


def must_say_present() -> bool:
    """Whoever came by a link has just shown that the mailbox is theirs; whoever came by a password shows that again."""
    with reading(sessions()) as session:
        return current_user.via == "password" and sign_in.has_password(session, current_user.person.id)


def is_right(form: ChangePassword | OwnAddress | Present) -> bool:
    """Counted like a sign-in: three failures lock. The form says what was wrong."""
    with transaction(sessions()) as session:
        attempt = sign_in.begin(
            session, email=current_user.person.email, now=now(), policy=policy(), address=kernel.address()
        )
    right = sign_in.fits(attempt, form.current.data)
    with transaction(sessions()) as session:
        person = sign_in.finish(
            session, attempt=attempt, right=right, password=form.current.data, actor=actor(), now=now()
        )
    if person is None:
        form.refuse(attempt.refused or NOT_PRESENT, "current")
    return person is not None
