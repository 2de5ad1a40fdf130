"""A systemd unit for the engine, as text. Installs nothing."""

import shlex
import sys
from collections.abc import Sequence

_UNIT = """\
# systemctl --user: put this into ~/.config/systemd/user/myquant-tui.service, then
#   systemctl --user daemon-reload && systemctl --user enable --now myquant-tui
#   loginctl enable-linger $USER        (so that it runs without a login)
# Credentials: a file of mode 0600, see EnvironmentFile below or `myquant-tui login`.

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
TimeoutStartSec=30
TimeoutStopSec=10
KillMode=mixed
EnvironmentFile=-%h/.config/myquant-tui/environment

UMask=0077
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


def unit_text(arguments: Sequence[str], writable: Sequence[str]) -> str:
    """Return the unit that runs this very program as `engine` with `arguments`, and may write into `writable`."""
    words = (sys.executable, "-m", "engine", "engine", *arguments)
    command = " ".join(shlex.quote(word).replace("%", "%%") for word in words)
    return _UNIT.format(command=command, writable=" ".join(_path(each) for each in writable))


def _path(path: str) -> str:
    """Return `path` as a systemd word: created where it is missing is not its business, so a missing one is no error."""
    quoted = path.replace("\\\\", "\\\\\\\\").replace('"', '\\\\"').replace("%", "%%")
    return f'-"{quoted}"' if " " in quoted else f"-{quoted}"
