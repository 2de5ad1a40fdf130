"""What a login gives, how it is read out of the answer and shown with each call. Asks nobody, keeps nothing."""

import re

from msgspec import Struct

from engine.text.redaction import MASK, hide
from engine.version import VERSION


class Tokens(Struct, frozen=True):
    """What a login gives; `jwt` without the word Bearer, `generation` its number among those of the session. Shows nothing of itself."""

    jwt: str
    refresh: str
    feed: str
    generation: int = 0

    def __repr__(self) -> str:
        return f"Tokens({MASK})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """The same for a debugger that would list the fields."""
        return [("tokens", MASK)]


AGENT = f"myquant-tui/{VERSION}"


def headers(api_key: str, jwt: str = "") -> dict[str, str]:
    """All that the broker asks for with each call, in a session that `jwt` stands for; the addresses are placeholders, which it takes."""
    told = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": AGENT,
        "X-UserType": "USER",
        "X-SourceID": "WEB",
        "X-ClientLocalIP": "127.0.0.1",
        "X-ClientPublicIP": "127.0.0.1",
        "X-MACAddress": "00:00:00:00:00:00",
        "X-PrivateKey": api_key,
    }
    if jwt:
        told["Authorization"] = f"Bearer {jwt}"
    return told


_TOKEN = re.compile(r"[!-~]{4,8192}")  # what can stand in a header


def is_of(client_code: str, data: object) -> bool:
    """Whether the session of a login's answer is this client's, as far as the answer says whose it is."""
    said = data.get("clientcode", data.get("clientCode")) if isinstance(data, dict) else None
    return not isinstance(said, str) or said.strip().upper() == client_code.upper()


def tokens_in(data: object) -> Tokens | None:
    """The three tokens of a login's answer, hidden from logs from now on; None where one is missing or malformed."""
    if not isinstance(data, dict):
        return None
    found: list[str] = []
    for key in ("jwtToken", "refreshToken", "feedToken"):
        token = data.get(key)
        token = re.sub("(?i)^bearer +", "", token.strip()) if isinstance(token, str) else ""
        if not _TOKEN.fullmatch(token):
            return None
        hide(token)
        found.append(token)
    jwt, refresh, feed = found
    return Tokens(jwt, refresh, feed)
