<%--
SPDX-FileCopyrightText: 2026 the steadfast.ha authors
SPDX-License-Identifier: GPL-3.0-or-later

The tutorial's proof: each call is a line on the console of one Tomcat, and the session stays the same.
--%><%@ page contentType="text/html; charset=UTF-8" %><%
    System.out.println("call test.jsp");
%><!DOCTYPE html>
<html lang="en">
<head><title>test</title></head>
<body>session:<%= session.getId() %></body>
</html>
