# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the daemon takes to answer `status`, measured at its socket, without the start of an interpreter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from heartbeat.control.client import ask

if TYPE_CHECKING:
    from pathlib import Path

    from netns import Cluster

TARGET_MS = 10
REPLIES = 1000
PAGE = """# How long `hbctl status` waits for the daemon

{replies} requests, one after the other, each on a connection of its own, to the holder of an address in a running pair
(keepalive 50 ms). The target is {target} ms. Written by `make bench`.

| median | 99 of 100 | longest |
| --- | --- | --- |
| {median:.2f} ms | {most:.2f} ms | {longest:.2f} ms |

{about}
"""


def test_a_status_reply_takes_less_than_ten_milliseconds(cluster: Cluster, about: dict[str, str], pages: Path) -> None:
    cluster.configure()
    cluster.start()
    runtime = str(cluster.n1.runtime)
    times = sorted(timed(runtime) for _ in range(REPLIES))
    median, most, longest = times[REPLIES // 2], times[REPLIES * 99 // 100], times[-1]
    text = PAGE.format(
        replies=REPLIES,
        target=TARGET_MS,
        median=median,
        most=most,
        longest=longest,
        about="; ".join(f"{name}: {value}" for name, value in about.items()),
    )
    (pages / "status-reply.md").write_text(text, encoding="utf-8")
    assert most < TARGET_MS


def timed(runtime: str) -> float:
    """Milliseconds from the request to the reply."""
    begin = time.perf_counter()
    reply = ask({"command": "status"}, runtime)
    took = time.perf_counter() - begin
    assert reply["state"] == "active"
    return took * 1000
