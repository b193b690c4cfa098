"""Behind a proxy that ends TLS: whose address is on record, and who may say so."""

from dataclasses import replace

import pytest
from flask import request

from portal.config import Settings, SettingsError
from portal.web.app import build
from portal.wiring import Context

SAID = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(("proxies", "address", "strict"), [(0, "127.0.0.1", False), (1, "198.51.100.7", True)])
def test_forwarded_headers_count_only_from_a_trusted_proxy(
    context: Context, proxies: int, address: str, strict: bool
) -> None:
    app = build(context=replace(context, settings=replace(context.settings, trusted_proxies=proxies)))
    seen: list[str] = []
    app.before_request(lambda: seen.append(request.remote_addr))
    answer = app.test_client().get("/sign-in", headers=SAID)
    assert seen == [address]
    assert ("Strict-Transport-Security" in answer.headers) is strict


def test_a_number_of_proxies_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        Settings.from_environment({"PORTAL_SECRET_KEY": "k" * 40, "PORTAL_TRUSTED_PROXIES": "many"})
