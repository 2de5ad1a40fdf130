"""A systemd unit for the engine, as text. Installs nothing."""

import shlex
from collections.abc import Sequence

from engine.model.errors import InputError
from engine.serving.launch import program

_UNIT = """\
# systemctl --user: put this into ~/.config/systemd/user/myquant-tui.service, then
#   mkdir -p -m 700 {folders}
#   systemctl --user daemon-reload && systemctl --user enable --now myquant-tui
#   loginctl enable-linger $USER        (so that it runs without a login)
# Credentials: a file of mode 0600, see EnvironmentFile below or `myquant-tui login`.
# Where a service ends with status 217 or 218, the system grants users no namespaces: take the lines from
# NoNewPrivileges to SystemCallFilter out.

[Unit]
Description=myquant-tui engine
Documentation=man:systemd.service(5)
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
WatchdogSec=10
Restart=on-failure
RestartSec=2
# Bad configuration, a second instance, a stop with a position open: starting again would not help.
RestartPreventExitStatus=2 3 75
TimeoutStartSec=120
TimeoutStopSec=10
KillMode=mixed
EnvironmentFile=-%h/.config/myquant-tui/environment

UMask=0077
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectClock=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
MemoryMax=200M
TasksMax=32
OOMScoreAdjust=-200

[Install]
WantedBy=default.target
"""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+")


def unit_text(arguments: Sequence[str], writable: Sequence[str]) -> str:
    """Return the unit that runs this very program as `engine` with `arguments`, and may write into the folders `writable`.

    Raises InputError for a word that no unit can hold.
    """
    words = (*program(), "engine", *arguments)
    return _UNIT.format(
        command=" ".join(quoted(word).replace("$", "$$") for word in words),
        folders=" ".join(shlex.quote(each) for each in writable),
        writable=" ".join(quoted(f"-{each}") for each in writable),
    )


def quoted(word: str) -> str:
    """Return `word` as systemd reads it: `%` doubled, and in quotes unless it is plain; raises InputError for control characters."""
    if not word.isprintable():
        raise InputError(f"{word!r}: a unit takes no control characters")
    word = word.replace("%", "%%")
    if word and _PLAIN.issuperset(word.replace("%%", "")):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
