# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the targets of a Makefile: `##@ Group` lines and `target: ... ## text` lines, in the order they stand.
BEGIN { FS = ":.*## " }
/^##@ / { printf "\n%s\n", substr($0, 5) }
/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $1, $2 }
END { print "" }
