"""The terminal: keys in, frames out, and what can happen to it (stall, loss, signals). Knows no screen.

Nothing is asked of the terminal, because an answer on a bad link arrives as key presses: no size, no colours, no modes.
"""

import os
import select
import signal
import termios
import tty
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from threading import RLock, Thread
from time import monotonic_ns
from types import FrameType
from typing import Any, Protocol

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from tui.terminal.keyboard import Burst, Keyboard, Stroke
from tui.terminal.outlet import Outlet
from tui.terminal.strokes import KeyEvent, Translator

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"  # other screen, no cursor, focus, pastes marked, no wrap
_MOUSE_ON, _MOUSE_OFF = "\x1b[?1000h\x1b[?1003h\x1b[?1006h", "\x1b[?1006l\x1b[?1003l\x1b[?1000l"
_LEAVE = f"\x1b[?2026l\x1b[m{_MOUSE_OFF}\x1b[?2004l\x1b[?1004l\x1b[?7h\x1b[?1049l\x1b[?25h"
_GOODBYE_S = 0.5  # how long a terminal that takes nothing can hold up our leaving
_TICK_MS = 50
_QUIET = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)  # each would stop the process, and trading with it


class Host(Protocol):
    """What the driver tells its application; every call comes in the application's own loop."""

    def terminal_ready(self, stalled_s: float) -> None:
        """Output is taken again."""

    def terminal_changed(self) -> None:
        """What the terminal shows is no longer known."""

    def terminal_lost(self, why: str) -> None:
        """The terminal is gone; said once."""

    def terminate(self) -> None:
        """SIGTERM came."""


class TerminalDriver(LinuxDriver):
    """Textual's driver with our own output, input and signals."""

    def __init__(
        self, app: Any, *, debug: bool = False, mouse: bool = False, size: tuple[int, int] | None = None
    ) -> None:
        self._before: dict[int, Any] = {number: signal.getsignal(number) for number in (*_QUIET, signal.SIGCONT)}
        self._mask: set[int | signal.Signals] | None = None  # of signals, as it was before we took them
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._host: Host = app
        self._out_fd = next((fd for fd in (1, 2) if os.isatty(fd)), self.fileno)
        self._outlet: Outlet | None = None
        self._once = RLock()  # held, by a signal's handler too, to decide who says first that the terminal is lost
        self._lost = False
        self._wake: tuple[int, int] | None = None  # a pipe that ends the input thread
        self._translator = Translator()

    # Output

    @property
    def ready(self) -> bool:
        """Whether the terminal has taken everything so far."""
        return self._outlet is None or self._outlet.ready

    @property
    def stalled_s(self) -> float:
        """How long the terminal has not taken what it was given, in seconds (see `Outlet.stalled_s`)."""
        return self._outlet.stalled_s if self._outlet else 0.0

    @property
    def accept_ms(self) -> float:
        """How long the terminal took to accept the last frame."""
        return self._outlet.accept_ms if self._outlet else 0.0

    def offer(self, frame: str) -> bool:
        """Draw `frame`, or refuse it as a whole because the terminal has not taken the one before."""
        return self._outlet is None or self._outlet.offer(frame)

    def call_when_ready(self) -> None:
        """Have `terminal_ready` called when everything was taken."""
        if self._outlet:
            self._outlet.ask()

    def write(self, data: str) -> None:
        """Write control sequences (title, clipboard, bell); they wait for the terminal, within bounds."""
        if self._outlet:
            self._outlet.push(data)

    def set_mouse(self, on: bool) -> None:
        """Have the mouse reported, or leave it to the terminal's own selection."""
        self._mouse = on
        self.write(_MOUSE_ON if on else _MOUSE_OFF)

    # Begin and end

    def start_application_mode(self) -> None:
        """Take the terminal: raw mode, other screen, our handlers of signals."""
        self._outlet = Outlet(
            self._out_fd, lambda stalled_s: self._tell(self._host.terminal_ready, stalled_s), self.lose
        )
        self.exit_event.clear()
        self._take_signals()
        try:
            self.attrs_before = termios.tcgetattr(self.fileno)
        except termios.error:
            self.attrs_before = None
        self._enter()
        self._send_size()
        self._wake = os.pipe()
        self._key_thread = Thread(target=self._run_input_thread, name="terminal-input", daemon=True)
        self._key_thread.start()

    def _enter(self) -> None:
        if self.attrs_before is not None:
            raw = [*self.attrs_before[:6], list(self.attrs_before[6])]
            raw[tty.LFLAG] = self._patch_lflag(raw[tty.LFLAG]) & ~termios.ISIG
            raw[tty.IFLAG] = self._patch_iflag(raw[tty.IFLAG])
            raw[tty.CC][termios.VMIN], raw[tty.CC][termios.VTIME] = 1, 0
            self._set_attributes(raw)
        self.write(_ENTER + (_MOUSE_ON if self._mouse else ""))

    def _set_attributes(self, attributes: list[Any]) -> None:
        try:
            termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        except termios.error as error:
            self.lose(f"settings: {error.args[-1]}")

    def disable_input(self) -> None:
        """End the input thread; keys typed from now on are the shell's."""
        self.exit_event.set()
        if self._wake is not None:
            wake, self._wake = self._wake, None
            os.write(wake[1], b"x")
            if self._key_thread is not None:
                self._key_thread.join()
            for fd in wake:
                os.close(fd)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        self.write(_LEAVE)
        if self._outlet is not None:
            self._outlet.stop(_GOODBYE_S)
        if self.attrs_before is not None and not self._lost:
            self._set_attributes(self.attrs_before)
        self._give_signals_back()

    def close(self) -> None:
        """Nothing is left to be done after `stop_application_mode`."""

    @property
    def can_suspend(self) -> bool:
        """Never: a stopped process does not manage its exits."""
        return False

    # Signals and loss

    def _take_signals(self) -> None:
        handlers: dict[int, Callable[[int, FrameType | None], None]] = {
            signal.SIGWINCH: lambda *_: self._changed(),
            signal.SIGCONT: lambda *_: self._continued(),
            signal.SIGTERM: lambda *_: self._tell(self._host.terminate),
            signal.SIGHUP: lambda *_: self.lose("hangup"),
            signal.SIGINT: lambda *_: self._send(KeyEvent("ctrl+c", "\x03", Burst(monotonic_ns(), 0, 0, 1))),
        }
        for number, handler in handlers.items():
            self._before.setdefault(number, signal.getsignal(number))
            signal.signal(number, handler)
        for number in _QUIET:
            signal.signal(number, signal.SIG_IGN)
        # A run beside its screen keeps signals blocked wherever nobody would take them.
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, (*handlers, *_QUIET))

    def _give_signals_back(self) -> None:
        if self._mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            self._mask = None
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before.clear()

    def _sigtstp_application(self, *_: object) -> None:
        """Ctrl-Z from elsewhere must not stop trading."""

    def _sigcont_application(self, *_: object) -> None:
        """Until the terminal is taken there is nothing to bring back."""

    def _changed(self) -> None:
        self._send_size()
        self._tell(self._host.terminal_changed)

    def _continued(self) -> None:
        """After SIGSTOP the shell had the terminal: take it again."""
        self._enter()
        self._changed()

    def lose(self, why: str) -> None:
        """Say once that the terminal is gone; may be called from any thread."""
        with self._once:
            first, self._lost = not self._lost, True
        if first:
            self._tell(self._host.terminal_lost, why)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self._out_fd)
        except OSError:
            width = height = 0
        return width or 80, height or 24

    def _send_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._send(events.Resize(size, size))

    def _send(self, message: Message) -> None:
        if not self._loop.is_closed():
            self.process_message(message)

    # Input

    def run_input_thread(self) -> None:
        """Read keys until the terminal is lost or `disable_input` is called."""
        assert self._wake is not None
        keyboard, decode = Keyboard(), getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._wake[0], select.POLLIN)
        before_ns = 0
        while not self.exit_event.is_set():
            if not poll.poll(_TICK_MS if keyboard.undecided else None):
                self._press(keyboard.tick(monotonic_ns() / 1e9), Burst(monotonic_ns(), 0, 0, 0))
                continue
            if self.exit_event.is_set():
                return
            try:
                data = os.read(self.fileno, 4096)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError as error:
                self.lose(f"input: {error.strerror}")
                return
            if not data:
                self.lose("end of input")
                return
            now_ns = monotonic_ns()
            self._press(keyboard.tick(now_ns / 1e9), Burst(now_ns, 0, 0, 0))
            strokes = keyboard.feed(decode(data), now_ns / 1e9)
            self._press(strokes, Burst(now_ns, now_ns - before_ns, len(data), len(strokes)))
            before_ns = now_ns

    def _press(self, strokes: Iterable[Stroke], read: Burst) -> None:
        for stroke in strokes:
            burst = Burst(read.read_ns, read.gap_ns, read.size, read.strokes, stroke.suspicious)
            for message in self._translator.messages(stroke, burst, mouse=self._mouse):
                self._send(message)
