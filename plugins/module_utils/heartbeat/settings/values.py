# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of single values. Each turns a word into a value or raises ``Invalid`` with a sentence for the operator."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Callable

from .diagnostics import listed, nearest, shown
from .model import Failback

TRUE_WORDS = ("true", "on", "yes", "y", "1")
FALSE_WORDS = ("false", "off", "no", "n", "0")
FACILITIES = (
    "auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip

#: About 24 days. The C daemon keeps times in a signed 32-bit field of its messages (``dt``).
LONGEST_MS = 2**31 - 1

_TIME = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(.*)", re.DOTALL)
_INTEGER = re.compile(r"[0-9]{1,10}")
_NODE_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,63})")
_DEVICE = re.compile(r"[!-.0-~]{1,15}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Checker = Callable[[str], object]


class Invalid(ValueError):
    """A value that a checker rejects; ``nearest`` is what may have been meant."""

    def __init__(self, message: str, nearest: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.nearest = nearest


def time_ms(text: str) -> int:
    """A time in whole milliseconds, rounded half up.

    No unit means seconds; a unit beginning with ``ms`` milliseconds; ``us`` or ``usec`` microseconds (any case).
    Everything else, ``s`` included, stops the C daemon too."""
    match = _TIME.fullmatch(text)
    if match is None or len(match.group(1)) > 20:
        raise Invalid(f"'{shown(text)}' is not a time: write seconds as '2' or '0.5', milliseconds as '200ms'")
    number, unit = match.group(1), match.group(2).lower()
    if unit == "":
        factor = Decimal(1000)
    elif unit.startswith("ms"):
        factor = Decimal(1)
    elif unit in ("us", "usec"):
        factor = Decimal("0.001")
    else:
        guess = number if unit in ("s", "sec", "secs", "second", "seconds") else nearest(unit, ("ms", "us"))
        if guess in ("ms", "us"):
            guess = number + guess
        raise Invalid(f"'{shown(text)}' has an unknown unit: seconds have none, others are 'ms' and 'us'", guess)
    value = int((Decimal(number) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if value > LONGEST_MS:
        raise Invalid(f"'{shown(text)}' is too long a time: the longest is {LONGEST_MS} ms (24 days)")
    return value


def positive_time_ms(text: str) -> int:
    """A time greater than zero, in milliseconds."""
    value = time_ms(text)
    if value <= 0:
        raise Invalid(f"'{shown(text)}' must be more than zero")
    return value


def boolean(text: str) -> bool:
    """A boolean word in any case."""
    folded = text.lower()
    if folded in TRUE_WORDS:
        return True
    if folded in FALSE_WORDS:
        return False
    raise Invalid(
        f"'{shown(text)}' is neither yes (true, on, yes, y, 1) nor no (false, off, no, n, 0)",
        nearest(text, TRUE_WORDS + FALSE_WORDS),
    )


def integer(low: int, high: int, unit: str = "") -> Callable[[str], int]:
    """A checker of whole numbers from ``low`` to ``high``."""

    def check(text: str) -> int:
        if _INTEGER.fullmatch(text) is None:
            raise Invalid(f"'{shown(text)}' is not a whole number{unit}")
        value = int(text)
        if not low <= value <= high:
            raise Invalid(f"'{shown(text)}' is out of range: {low} to {high}{unit}")
        return value

    return check


def debug_level(text: str) -> int:
    """0 to 255. Like the C daemon's ``atoi``, the digits at the beginning count (``1x`` is 1, ``x`` is 0)."""
    digits = re.match(r"[0-9]*", text)
    return integer(0, 255)((digits.group() if digits else "") or "0")


def choice(*words: str) -> Callable[[str], str]:
    """A checker that accepts exactly these words."""

    def check(text: str) -> str:
        if text not in words:
            raise Invalid(f"'{shown(text)}' is not one of {listed(words)}", nearest(text, words))
        return text

    return check


def failback(text: str) -> Failback:
    """``auto_failback``: on, off (any boolean word) or legacy."""
    if text.lower() == "legacy":
        return Failback.LEGACY
    try:
        return Failback.ON if boolean(text) else Failback.OFF
    except Invalid:
        words = ("on", "off", "legacy")
        raise Invalid(f"'{shown(text)}' is not one of {listed(words)}", nearest(text, words)) from None


def autojoin(text: str) -> str:
    """Only ``none``: with resources in haresources every node must be written down."""
    known = choice("none", "other", "any")(text)
    if known != "none":
        raise Invalid(f"'autojoin {known}' does not go with haresources: every node needs its node line", "none")
    return known


def crm(text: str) -> bool:
    """``crm``: only off is possible here."""
    if text.lower() not in ("respawn", "manual", "standby") and not boolean(text):
        return False
    raise Invalid(
        f"'{shown(text)}' asks for the pacemaker resource manager, which this daemon does not run: use the role "
        "'steadfast.ha.pacemaker' (corosync and pacemaker), or write 'crm off' and keep the resources in haresources"
    )


def node_name(text: str) -> str:
    """A node name, folded to lower case."""
    if _NODE_NAME.fullmatch(text) is None:
        hint = "" if text.isascii() else "; a comment starts with '#'"
        raise Invalid(f"'{shown(text)}' is not a node name (letters, digits, '.', '-', '_'; at most 64){hint}")
    return text.lower()


def device(text: str) -> str:
    """A network device name, as the kernel allows it (15 bytes, no slash, no blank)."""
    if _DEVICE.fullmatch(text) is None or text in (".", ".."):
        raise Invalid(f"'{shown(text)}' cannot be the name of a network interface")
    if "," in text:
        raise Invalid(f"'{shown(text)}' cannot be the name of a network interface: separate names by blanks")
    return text


def absolute_path(text: str) -> str:
    """A path that starts at the root."""
    if not text.startswith("/"):
        raise Invalid(f"'{shown(text)}' is not an absolute path")
    return text


def facility(text: str) -> str | None:
    """A syslog facility; ``none`` means no syslog."""
    if text.lower() == "none":
        return None
    if text.lower() in FACILITIES:
        return text.lower()
    raise Invalid(f"'{shown(text)}' is not a syslog facility", nearest(text, (*FACILITIES, "none")))


def variable(text: str) -> tuple[str, str]:
    """``NAME=value``."""
    name, equals, value = text.partition("=")
    if not equals or _VARIABLE.fullmatch(name) is None:
        raise Invalid(f"'{shown(text)}' is not of the form NAME=value")
    return name, value


def anything(text: str) -> str:
    """Any word, kept as it is."""
    return text
