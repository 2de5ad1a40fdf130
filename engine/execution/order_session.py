"""The login that lanes go by: which one is good, one more where that is over, and who is told. Knows no broker."""

from collections.abc import Callable
from threading import Event, Lock, Thread

from engine.execution.login import Login, SessionKeeper
from engine.model.order_reports import SessionChanged
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

_BEFORE_FIRST = CleanText("not logged in yet")
_RENEWED = CleanText("a new login is under way")


class OrderSession:
    """`tell` is given each change once, in order, and `give` the login to go by; both from any thread, and must not wait."""

    def __init__(
        self, keeper: SessionKeeper, tell: Callable[[SessionChanged], None], give: Callable[[Login], None]
    ) -> None:
        self.because = _BEFORE_FIRST  # why there is no login, or the newest is worth nothing
        self.login = Login(0, up=False)
        self._keeper = keeper
        self._tell = tell
        self._give = give
        self._lock = Lock()  # guards what follows and `login`, and the order of what is told
        self._renew_after = -1  # -1: nobody wants a later login than the one that is good
        self._over = 0  # the newest generation that the broker does not know any more
        self._told: SessionChanged | None = None
        self._wanted = Event()
        self._stopping = self._asking = False
        self._thread = Thread(target=self._run, name="order-login", daemon=True)
        keeper.on_change(lambda: self._look(CleanText("")))

    # ── From any thread ─────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Log in, where the feed has not done so."""
        self._wanted.set()
        self._thread.start()

    def want(self) -> None:
        """Log in soon, where no login is good."""
        self._wanted.set()

    def is_over(self, generation: int, why: CleanText) -> None:
        """The broker does not know login `generation` any more: there will be another."""
        with self._lock:
            if generation <= self._over:
                return
            self._over = generation
        self._look(why)
        self._wanted.set()

    def renew(self, generation: int) -> None:
        """Somebody does not take login `generation`: there will be a later one, and what it is good for goes on until then."""
        self._renew_after = generation
        self._wanted.set()

    def stop(self, timeout_s: float) -> None:
        """End, also a login that is under way."""
        self._stopping = True
        self._wanted.set()
        if self._asking:
            self._keeper.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    # ── Below, nothing is called from outside. ──────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while not self._stopping:
            self._wanted.wait()
            self._wanted.clear()
            if not self.login.up or self._renew_after == self.login.generation:
                self._renew_after = -1
                self._log_in()

    def _log_in(self) -> None:
        """One login, within its budget: whoever decides about orders asks again where it fails."""
        self._asking = True
        try:
            why = "" if self._stopping else self._keeper.log_in_after(max(self._over, self.login.generation))
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and asked for again
            why = f"login: {type(error).__name__}"
        self._asking = False
        self._look(clean(redact(why)))

    def _look(self, why: CleanText) -> None:
        """Take over how the login stands (`why` it is none, where that is known), and tell it where that is news."""
        with self._lock:
            tokens = self._keeper.current
            up = tokens is not None and tokens.generation > self._over
            generation = self.login.generation if tokens is None else tokens.generation
            self.because = CleanText("") if up else why or self.because or _RENEWED
            login = Login(generation, up, tokens.jwt if up and tokens is not None else "")
            if login != self.login:
                self.login = login
                self._give(login)
            told = SessionChanged(generation, up, self.because)
            if told != self._told:
                self._told = told
                self._tell(told)
