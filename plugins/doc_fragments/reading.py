# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is true of every module that only reads."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of a module that changes nothing."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Runs in check mode as it does without.
    support: full
  diff_mode:
    description: There is nothing that could differ.
    support: none
"""
