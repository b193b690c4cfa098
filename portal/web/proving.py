"""What weighs much is done only by whoever has shown lately that it is them: a browser left open must not be enough."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask_login import current_user

from portal.web import late
from portal.web.kernel import now, policy, safe_next

View = TypeVar("View", bound=Callable[..., Any])


def lately() -> bool:
    """Whether this browser has shown within the pack's minutes whose it is."""
    return bool(now() - current_user.proved_at <= timedelta(minutes=policy().sign_in.prove_minutes))


def proven(view: View) -> View:
    """Declares a view whose form is taken only after a fresh code or password; what was typed waits meanwhile. Below @permission."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and not lately():
            return redirect(url_for("account.again", next=_onward()))
        return view(*args, **kwargs)

    guarded.__proven__ = True  # type: ignore[attr-defined]
    return cast(View, guarded)


def _onward() -> str:
    """To what was typed; a mere button is pressed again on the page where it stands."""
    if late.keep_sent(current_user.person.id):
        return url_for("account.typed")
    return safe_next(urlsplit(request.referrer or "").path)
