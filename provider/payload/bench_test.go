// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"fmt"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

func BenchmarkParse(b *testing.B) {
	p := newParties(b)
	var large, env strings.Builder
	for i := range 250 {
		fmt.Fprintf(&large, `,"service_%03d_key": "%s\n"`, i, strings.Repeat("x", 75))
		fmt.Fprintf(&env, "SERVICE_%03d_KEY=\"%s\\n\" # comment\n", i, strings.Repeat("x", 70))
	}
	for name, value := range map[string]string{
		"JSON5Keys": `{"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": "correct horse", "POSTGRES_HOST": "db.example.org", "POSTGRES_DB": "shop", "POSTGRES_PORT": 5432}`,
		"JSON25KB":  "{" + large.String()[1:] + "}",
		"JSONDeep":  `{"A":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + "}",
		"Dotenv":    env.String(),
		"Text":      "correct horse",
		"PEM":       pkcs8(b, p.web) + pemOf(p.web) + pemOf(p.issuing) + pemOf(p.root),
	} {
		b.Run(name, func(b *testing.B) { benchmark(b, value, Auto) })
	}
	b.Run("PKCS12", func(b *testing.B) { benchmark(b, pfxOf(b, pkcs12.Modern, "", p.web, p.issuing, p.root), PKCS12) })
}

func benchmark(b *testing.B, value string, format Format) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		if _, err := Parse(Secret{Name: "s", Value: value}, format); err != nil {
			b.Fatal(err)
		}
	}
}
