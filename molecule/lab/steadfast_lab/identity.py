# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which checkout this is, and the names that follow from it.

Two checkouts on one machine, and two labs of one checkout, never share a name: every name carries a short hash of
the checkout's real path.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

PREFIX = "steadfast"
LAB_NAME = re.compile(r"[a-z]([a-z0-9_-]{0,29}[a-z0-9])?")
CHECKOUT_LABEL = "org.steadfast.checkout"
LAB_LABEL = "org.steadfast.lab"


def checkout_root() -> Path:
    """Return the top of the checkout this package lives in (`STEADFAST_ROOT` overrides it)."""
    override = os.environ.get("STEADFAST_ROOT")
    return Path(override).resolve() if override else Path(__file__).resolve().parents[3]


def checkout_hash(root: Path) -> str:
    """Return six hex digits that stand for the checkout's path."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:6]


def user_cache() -> Path:
    """Return the directory for what all checkouts of one user share (packages, locks)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "steadfast-ha"


@dataclass(frozen=True)
class Identity:
    """The names of one lab."""

    root: Path
    lab: str

    @property
    def checkout(self) -> str:
        """Six hex digits of the checkout's path."""
        return checkout_hash(self.root)

    @property
    def stem(self) -> str:
        """Start of every name this lab gives to something outside its own directory."""
        return f"{PREFIX}-{self.checkout}-{self.lab}"

    @property
    def netns(self) -> str:
        """Network namespace that holds the lab's bridges and cables."""
        return self.stem

    def container(self, node: str) -> str:
        """Return the container's name for a node; the dot stands in no lab's or node's name, so none can collide."""
        return f"{self.stem}.{node}"

    @property
    def directory(self) -> Path:
        """Where the lab keeps its state: `build/lab/<lab>/`."""
        return self.root / "build" / "lab" / self.lab
