<%--
SPDX-FileCopyrightText: 2026 the steadfast.ha authors
SPDX-License-Identifier: GPL-3.0-or-later
--%><%@ page contentType="text/html; charset=UTF-8" %><%
    Integer visits = (Integer) session.getAttribute("visits");
    visits = visits == null ? 1 : visits + 1;
    session.setAttribute("visits", visits);
%><!DOCTYPE html>
<html lang="en">
<head><title>A counter in a session</title></head>
<body>
<p>Visit <b><%= visits %></b> in session <code><%= session.getId() %></code>,
version <%= application.getInitParameter("version") %>.</p>
<p>Reload this page: the number grows. What stands behind the dot of the session is the Tomcat that has it; stop that one and
reload again.</p>
</body>
</html>
