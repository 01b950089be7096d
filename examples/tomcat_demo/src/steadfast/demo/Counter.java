// SPDX-FileCopyrightText: 2026 the steadfast.ha authors
// SPDX-License-Identifier: GPL-3.0-or-later

package steadfast.demo;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Paths;
import java.util.BitSet;

/**
 * Keeps numbers in a session: {@code /count?n=17} puts one in, {@code /numbers} tells all of them. So a client that counts
 * learns whether anything of what was confirmed to it was lost.
 *
 * <p>{@code /count?n=17&ms=500} takes half a second, for requests that are under way when something happens.
 */
@WebServlet({"/count", "/numbers"})
public class Counter extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final String NUMBERS = "numbers";
    private static final int MOST = 1 << 20;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        HttpSession session = request.getSession();
        response.setContentType("text/plain;charset=UTF-8");
        response.setHeader("Cache-Control", "no-store");
        PrintWriter out = response.getWriter();
        if (request.getServletPath().equals("/numbers")) {
            numbers(session).stream().forEach(out::println);
            return;
        }
        int number = parameter(request, "n", 0);
        pause(parameter(request, "ms", 0));
        BitSet known;
        synchronized (session) {
            // A copy: only what is set anew is replicated.
            known = (BitSet) numbers(session).clone();
            known.set(number);
            session.setAttribute(NUMBERS, known);
        }
        out.printf("served by %s/%s%n", InetAddress.getLocalHost().getHostName(), instance());
        out.printf("session %s%n", session.getId());
        out.printf("numbers %d%n", known.cardinality());
        out.printf("version %s%n", getServletContext().getInitParameter("version"));
    }

    private static BitSet numbers(HttpSession session) {
        BitSet found = (BitSet) session.getAttribute(NUMBERS);
        return found == null ? new BitSet() : found;
    }

    private static int parameter(HttpServletRequest request, String name, int otherwise) {
        try {
            return Math.min(MOST, Math.max(0, Integer.parseInt(request.getParameter(name))));
        } catch (NumberFormatException error) {
            return otherwise;
        }
    }

    private static void pause(int milliseconds) {
        try {
            Thread.sleep(Math.min(milliseconds, 30_000));
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    /** The name of this Tomcat among those of its machine. */
    private static String instance() {
        return Paths.get(System.getProperty("catalina.base", "")).getFileName().toString();
    }
}
