// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func BenchmarkMap(b *testing.B) {
	styles := []struct {
		name string
		key  func(secret, key int) string
	}{
		{"Conventional", func(s, k int) string { return fmt.Sprintf("SERVICE_%d_KEY_%d", s, k) }},
		{"CamelCase", func(s, k int) string { return fmt.Sprintf("service%dKey%d", s, k) }},
		{"AllShadowed", func(_, k int) string { return fmt.Sprintf("KEY_%d", k) }},
		{"AllWithheld", func(_, k int) string { return fmt.Sprintf("LD_%d", k) }},
		// Keys that differ in their separators only, so that all become one name.
		{"AllCollide", func(_, k int) string {
			return "key" + strings.NewReplacer("0", ".", "1", "-").Replace(fmt.Sprintf("%06b", k))
		}},
	}
	for _, size := range []struct{ secrets, keys int }{{4, 5}, {100, 50}} {
		for _, style := range styles {
			secrets := make([]Secret, size.secrets)
			for s := range secrets {
				secrets[s].Name = fmt.Sprintf("prod-secret-%d", s)
				for _, k := range rand.New(rand.NewPCG(0, 0)).Perm(size.keys) { //nolint:gosec // The same order every time is what is wanted.
					key := style.key(s, k)
					secrets[s].Keys = append(secrets[s].Keys, Key{Name: key, DataKey: secrets[s].Name + "." + key})
				}
			}
			config := map[string]string{}
			for i := range 20 {
				config[fmt.Sprintf("CONFIG_%d", i)] = "value"
			}
			b.Run(fmt.Sprintf("%dx%d/%s", size.secrets, size.keys, style.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Map(config, secrets, []string{"common-", "dev-", "prod-"}, Policy{})
				}
			})
		}
	}
}

func BenchmarkName(b *testing.B) {
	for _, key := range []string{"POSTGRES_PASSWORD", "postgresAdminPassword", "tls.crt", "größeÄußern"} {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Name(key)
			}
		})
	}
}

func BenchmarkTrimEnvironment(b *testing.B) {
	prefixes := []string{"common-", "dev-", "stg-", "prd-", "prod-"}
	b.ReportAllocs()
	for b.Loop() {
		TrimEnvironment("prod-postgres-credentials", prefixes)
	}
}
