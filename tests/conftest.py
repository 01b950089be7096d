# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: one Hypothesis profile, and the place of the project."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

# A property test must say the same thing on every machine: no wall-clock deadline, the same examples each time.
# To hunt with fresh ones: pytest --hypothesis-profile=hunt
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("hunt", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]
