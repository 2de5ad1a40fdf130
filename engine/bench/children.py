"""The processes that `bench --delivery` starts: one order, one answer, and none left behind. Knows nothing of what they measure."""

import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, Self, TypeVar

import msgspec

from engine.bench.protocol import ENCODER, Fail, Order, ProcessAnswer
from engine.model.errors import EXIT_FAULT, UserError

_PATIENCE_S: Final = 60.0
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


def started(program: str, folder: Path, children: ExitStack, *words: str) -> "Child":
    """A child that ends with `children`; an interrupt waits until it is among them. `folder` takes what it says when it breaks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return children.enter_context(Child(program, folder, words))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Child:
    """`python -m <program> <words>` in a session of its own, so that Ctrl-C reaches the command alone, which then ends this.

    It also ends by itself when its standard input does, that is when the command is killed.
    """

    def __init__(self, program: str, folder: Path, words: Sequence[str]) -> None:
        self._name = program.rpartition(".")[2].removesuffix("_process")
        self._said = (folder / f"{self._name}.err").open("w+b")  # what the interpreter says when it breaks
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", program, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
            bufsize=0,
        )

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
            raise BenchError(f"bench: the {self._name} process answered what cannot be read: {error}") from None
        if isinstance(said, Fail):
            raise BenchError(f"bench: {said.reason:.500}")
        if not isinstance(said, kind):
            raise BenchError(f"bench: the {self._name} process answered something else than it was asked")
        return said

    def _line(self) -> bytes:
        """Its next line: one order has one answer, so nothing comes behind it."""
        assert self._process.stdout is not None
        pieces = [b""]
        while not pieces[-1].endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], _PATIENCE_S)[0]:
                raise BenchError(f"bench: no answer from the {self._name} process for {_PATIENCE_S:.0f} s")
            pieces.append(self._process.stdout.read(1 << 20))
            if not pieces[-1]:
                raise self._ended()
        return b"".join(pieces)

    def _ended(self) -> BenchError:
        """It has ended unasked; the last line that it said."""
        self._said.seek(0)
        words = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return BenchError(f"bench: the {self._name} process has ended{': ' + words[-1] if words else ''}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
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
