"""How a link ends: the few exceptions with which the rooms of a live feed tell each other. Their texts are cleaned where they are shown."""


class LinkLost(Exception):  # noqa: N818 - a link that ends is no error
    """The link is gone or never came up; another attempt will follow.

    `reason` is for a person; `close_code` is what the server should be told (0: nothing), `wait_s` the
    least time until the next attempt. A `planned` end is no failure. One that is `waited` for took seconds of silence
    on a link that stood, so that attempts are far enough apart without a back-off.
    """

    def __init__(
        self,
        reason: str,
        *,
        close_code: int = 0,
        wait_s: float = 0.0,
        planned: bool = False,
        waited: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.close_code = close_code
        self.wait_s = wait_s
        self.planned = planned
        self.waited = waited


class TokensRefused(LinkLost):
    """The server does not accept who we say we are (HTTP 401)."""


class Hopeless(Exception):  # noqa: N818 - it is a verdict, not a programmer's error
    """No further attempt is likely to help; a person must do something.

    `again_s` is when one may be made all the same, None = never.
    """

    def __init__(self, reason: str, *, again_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again_s = again_s


class Stopped(Exception):  # noqa: N818 - as asked for
    """The feed was told to stop while it waited for something."""


def in_words(error: OSError) -> str:
    """What went wrong with a connection, such as `connection reset by peer`."""
    told: object = getattr(error, "verify_message", None) or error.strerror or error
    return str(told).lower()
