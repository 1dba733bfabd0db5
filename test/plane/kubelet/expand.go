// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import "strings"

// expand replaces each $(NAME) by the variable of that name, as Kubernetes does:
// $$ is one $, and references to missing variables stay as they are.
func expand(s string, vars map[string]string) string {
	var out strings.Builder

	for {
		before, after, found := strings.Cut(s, "$")

		out.WriteString(before)

		if !found {
			return out.String()
		}

		switch {
		case strings.HasPrefix(after, "$"):
			out.WriteString("$")

			s = after[1:]
		case strings.HasPrefix(after, "(") && strings.Contains(after, ")"):
			name, rest, _ := strings.Cut(after[1:], ")")

			if value, ok := vars[name]; ok {
				out.WriteString(value)
			} else {
				out.WriteString("$(" + name + ")")
			}

			s = rest
		default:
			out.WriteString("$")

			s = after
		}
	}
}
