# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from steadfast_lab import host


@pytest.fixture
def sysctls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Stand-ins for the host's settings: one too low, the others high enough."""
    files = {name: tmp_path / name for name in host.SYSCTLS}
    low, *high = files.values()
    low.write_text("128\n", encoding="ascii")
    for file in high:
        file.write_text("9999999\n", encoding="ascii")
    monkeypatch.setattr(host, "_sysctl_path", files.__getitem__)
    monkeypatch.setattr(host, "user_cache", lambda: tmp_path / "cache")
    return files


def values(files: dict[str, Path]) -> list[int]:
    return [int(path.read_text(encoding="ascii")) for path in files.values()]


def test_limits_are_raised_once_and_put_back(sysctls: dict[str, Path]) -> None:
    host.raise_limits()
    host.raise_limits()
    assert values(sysctls) == [1024, 9999999, 9999999]
    told = host.restore()
    assert values(sysctls) == [128, 9999999, 9999999]
    assert len(told) == 1
    assert host.restore() == []


def test_what_somebody_else_has_set_since_is_left_alone(sysctls: dict[str, Path]) -> None:
    host.raise_limits()
    next(iter(sysctls.values())).write_text("4096\n", encoding="ascii")
    assert "stays as it is" in host.restore()[0]
    assert values(sysctls) == [4096, 9999999, 9999999]
