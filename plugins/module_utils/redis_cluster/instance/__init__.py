# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Redis or Valkey instance on its machine: configuration, ACL file, memory, dry start, and what a change takes."""
