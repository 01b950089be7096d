# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a running instance is of the program that is installed."""

from __future__ import annotations

from tomcat.program import replaced


def test_a_program_that_was_upgraded_has_files_open_that_are_no_more() -> None:
    opened = [
        "socket:[1]",
        "/usr/share/java/tomcat11-coyote.jar",
        "/usr/share/java/tomcat11-catalina.jar (deleted)",
        "/usr/share/java/tomcat11-catalina.jar (deleted)",
        "/srv/main/webapps/shop/WEB-INF/lib/a.jar (deleted)",
        "/tmp/x.jar (deleted)",
        "/opt/tomcat/lib/annotations-api.jar (deleted)",
        "/var/log/x (deleted)",
    ]
    assert replaced(opened, "/opt/tomcat") == [
        "/opt/tomcat/lib/annotations-api.jar",
        "/usr/share/java/tomcat11-catalina.jar",
    ]
    assert replaced(opened[:2], "/opt/tomcat") == []
