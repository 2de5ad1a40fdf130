"""The processes that `bench --delivery` starts: one order, one answer, and none left behind. Knows nothing of what they measure."""

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from engine.bench.protocol import ENCODER, Fail, Order, ProcessAnswer
from engine.model.errors import EXIT_FAULT, UserError
from engine.text.sanitize import clean

_PATIENCE_S: Final = 60.0
_LOOK_S: Final = 0.2
_END_S: Final = 6.0  # an engine has five seconds to end in good order
_A = TypeVar("_A", bound=ProcessAnswer)
_ANSWERS: Final = msgspec.json.Decoder[ProcessAnswer](ProcessAnswer)


class BenchError(UserError):
    """A part of the measurement did not do what it should; the line says which."""

    exit_status = EXIT_FAULT


def end(process: subprocess.Popen[bytes], within_s: float) -> None:
    """Wait for a process that was asked to end; killed where it does not, and whatever interrupts the waiting (Ctrl-C)."""
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(within_s)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def started(room: str, folder: Path, children: ExitStack) -> "Child":
    """A child that ends with `children`; an interrupt waits until it is among them. `folder` takes its last words."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return children.enter_context(Child(room, folder))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Child:
    """`python -m <room>` in a session of its own, so that Ctrl-C reaches the command alone, which then ends this.

    It also ends by itself when its standard input does, that is when the command is killed.
    """

    def __init__(self, room: str, folder: Path) -> None:
        self.name = room.rpartition(".")[2].removesuffix("_process")
        self.fellows: tuple[Child, ...] = ()  # must live as well while its answer is awaited
        self._rest = b""
        self._said = (folder / f"{self.name}.err").open("w+b")  # what the interpreter says when it breaks
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", room],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def tell(self, order: Order) -> None:
        """Give an order; raises BenchError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(ENCODER.encode(order) + b"\n")
        except BrokenPipeError:
            raise self._ended() from None

    def receive(self, kind: type[_A]) -> _A:
        """Its next answer, which is to be of this kind; raises BenchError."""
        try:
            said = _ANSWERS.decode(self._line())
        except msgspec.DecodeError as error:
            raise BenchError(f"bench: the {self.name} process talks nonsense: {clean(str(error), 200)}") from None
        if isinstance(said, Fail):
            raise BenchError(f"bench: {clean(said.reason, 500)}")
        if not isinstance(said, kind):
            raise BenchError(f"bench: the {self.name} process answered something else than it was asked")
        return said

    def ask(self, order: Order, kind: type[_A]) -> _A:
        """Give an order and wait for its answer; raises BenchError."""
        self.tell(order)
        return self.receive(kind)

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        until_s = time.monotonic() + _PATIENCE_S
        pieces = [self._rest]
        while b"\n" not in pieces[-1]:
            if not select.select([descriptor], [], [], _LOOK_S)[0]:
                for each in self.fellows:
                    if each._process.poll() is not None:  # noqa: SLF001 - of the same kind
                        raise each._ended()  # noqa: SLF001
                if time.monotonic() > until_s:
                    raise BenchError(f"bench: no answer from the {self.name} process for {_PATIENCE_S:.0f} s")
                continue
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                raise self._ended()
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line

    def _ended(self) -> BenchError:
        """It has ended unasked; its last words."""
        self._said.seek(0)
        words = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return BenchError(f"bench: the {self.name} process has ended{clean(': ' + words[-1], 300) if words else ''}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: by the end of its input; with a kill where that takes too long, or all is over anyway."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        if kind is not None:
            process.kill()
        process.stdin.close()
        try:
            end(process, _END_S)
        finally:
            process.stdout.close()
            self._said.close()
