# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of an Apache httpd with mod_jk: workers, mounts, and what its status worker says. No Ansible."""
