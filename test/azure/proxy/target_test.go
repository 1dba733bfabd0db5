// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"net"
	"strings"
	"testing"
)

func FuzzParseTarget(f *testing.F) {
	f.Add("kv-a.vault.azure.net:443")
	f.Add("[::1]:443")
	f.Add("a\r\nb:1")

	f.Fuzz(func(t *testing.T, target string) {
		host, port, err := parseTarget(target)
		if err != nil {
			return
		}

		if strings.ContainsAny(host+port, "\r\n /@\x00") || host != strings.ToLower(host) {
			t.Errorf("parseTarget(%q): got %q and %q", target, host, port)
		}

		if _, _, err := net.SplitHostPort(net.JoinHostPort(host, port)); err != nil {
			t.Errorf("parseTarget(%q): %s", target, err)
		}
	})
}
