// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"errors"
	"net"
	"strings"
)

// parseTarget reads the target of a CONNECT request: a host name and a port.
func parseTarget(target string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(target)
	if err != nil {
		return "", "", errors.New("it is not a host and a port")
	}

	if port == "" || strings.Trim(port, "0123456789") != "" {
		return "", "", errors.New("its port is not a number")
	}

	if host == "" || len(host) > 253 {
		return "", "", errors.New("its host is empty or too long")
	}

	for _, r := range host {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-.:", r) {
			return "", "", errors.New("its host has a character that no host has")
		}
	}

	return strings.ToLower(strings.TrimSuffix(host, ".")), port, nil
}
