"""Where the core HMIS may be reached: addresses that lead inwards are refused unless they are allowed by name."""

import ipaddress
import socket
from collections.abc import Callable, Collection

import httpx2

from portal.adapters.core_hmis.port import CoreHMISError

CONNECT, READ, WRITE, POOL = 4.0, 10.0, 10.0, 4.0
"""Seconds. Together well below the queue's lease, so that a slow answer does not outlive it."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def leads_inwards(address: str) -> bool:
    """Whether an IP address is anything but a public one: loopback, private, link-local, reserved, multicast.

    IPv4 addresses that are wrapped in IPv6 count as what they wrap. ValueError for what is no IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    wrapped = _wrapped(ip)
    return any(not each.is_global or each.is_multicast for each in (ip if wrapped is None else wrapped, ip))


def _wrapped(ip: Address) -> Address | None:
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.sixtofour


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses behind a name, each once; OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Pinned(httpx2.HTTPTransport):
    """Looks the host up for each call, refuses it where any address leads inwards, and connects to that very address.

    The certificate is still checked against the host's name. Names in `allowed` may lead anywhere.
    """

    def __init__(self, allowed: Collection[str], *, look_up: Resolve = resolve, verify: object = True) -> None:
        super().__init__(verify=verify, trust_env=False)  # type: ignore[arg-type]
        self._allowed, self._look_up = frozenset(name.lower() for name in allowed), look_up

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """CoreHMISError for a host that must not be reached; httpx2's own errors for one that does not answer."""
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        failed: httpx2.TransportError = httpx2.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                return super().handle_request(_pinned(request, address, host))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failed = error  # nothing was sent yet, so that the next address may be tried
        raise failed

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._look_up(host, port)
        except OSError as error:
            raise httpx2.ConnectError(f"{host} could not be looked up: {error}") from error
        if host.lower() not in self._allowed and any(leads_inwards(address) for address in addresses):
            raise CoreHMISError(
                f"The core HMIS at {host} leads to this machine or its own network, so the portal does not call it. "
                f"If that is right, set PORTAL_CORE_HMIS_PRIVATE={host}."
            )
        return addresses


def _pinned(request: httpx2.Request, address: str, host: str) -> httpx2.Request:
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def make_client(base_url: str, token: str, *, allowed: Collection[str], **more: object) -> httpx2.Client:
    """A client for one core HMIS: pinned, with time-outs, no redirects, nothing taken from the environment."""
    return httpx2.Client(
        base_url=base_url.rstrip("/") + "/",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/scim+json"},
        transport=Pinned(allowed, **more),  # type: ignore[arg-type]
        timeout=httpx2.Timeout(connect=CONNECT, read=READ, write=WRITE, pool=POOL),
        follow_redirects=False,
        trust_env=False,
    )
