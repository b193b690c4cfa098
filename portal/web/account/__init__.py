"""Coming in, staying in and going out: password, second factor, mailed links, sessions, one's own address."""

from importlib import import_module

from portal.web.account.room import blueprint, enter

for _module in ("coming_in", "by_link", "password", "factor", "sessions", "typed", "address", "again"):
    import_module(f"portal.web.account.{_module}")

__all__ = ["blueprint", "enter"]
