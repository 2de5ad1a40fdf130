"""A program that the recorder's tests kill or starve: records ticks of which every field can be told from the number."""

import os
import resource
import sys
from pathlib import Path

from engine.model.marks import EventMark
from engine.recording import FileRecorder
from tests.support.recordings.recording_samples import header, tick


def record_until_killed(path: Path) -> None:
    """Record for ever, now and then a mark; one byte on stdout for every 500 ticks."""
    recorder = FileRecorder(path, header(), flush_ms=10)
    seq = 0
    while True:
        seq += 1
        recorder.tick(tick(seq))
        if seq % 500 == 0:
            recorder.mark(EventMark(seq, "note", "", seq))
            os.write(1, b".")


def record_until_refused(path: Path) -> None:
    """Record on a disk that takes 100 KB, as it seems; print why recording stopped, and that the caller went on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    recorder = FileRecorder(path, header(), flush_ms=1, backlog_bytes=1 << 40)
    seq = 0
    while not recorder.problem:
        seq += 1
        recorder.tick(tick(seq))
    for more in range(5000):
        recorder.tick(tick(seq + more))
        recorder.mark(EventMark(seq, "note", "", seq))
    recorder.close()
    print(f"went on: {recorder.problem}", flush=True)


if __name__ == "__main__":
    {"kill": record_until_killed, "refuse": record_until_refused}[sys.argv[1]](Path(sys.argv[2]))
