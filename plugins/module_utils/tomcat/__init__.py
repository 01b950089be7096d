# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of Tomcat instances and of mod_jk in front of them. No Ansible; I/O only in ``files`` and ``ajp``."""
