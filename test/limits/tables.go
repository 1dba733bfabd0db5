// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package limits

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/provider/watch"
)

// The tables are about an application with four secrets and eleven keys, as test/provider measures it.
const secrets, keys = 4, 11

// tables returns the tables of the page, by name.
func tables() map[string]string {
	return map[string]string{"fit": fitTable(), "requests": requestsTable(), "cost": costTable(), "shared": sharedTable()}
}

// sharedTable is about applications that share a vault.
func sharedTable() string {
	const applications, shared = 2000, 3

	rows := [][]string{{"`pollInterval`", "Requests in 10 seconds without `listWith`", "With `listWith: ProviderConfig`", "While all read a secret that has changed", "Of the limit"}}

	for _, interval := range []time.Duration{30 * time.Second, 3 * time.Minute} {
		alone, together := SharedReads(applications, shared, interval), SharedList(applications, shared, interval)
		busy := together + watch.ReadsAtOnce + watch.ReadsPerSecond*VaultWindow.Seconds()

		rows = append(rows, []string{
			"`" + short(interval) + "`", thousands(int(math.Ceil(alone))), thousands(int(math.Ceil(together))), thousands(int(math.Ceil(busy))),
			fmt.Sprintf("%.1f%%", 100*busy/VaultLimit),
		})
	}

	return table(rows)
}

// sharedSecrets is the number of shared secrets of an application in an example.
const sharedSecrets = 3

// fitTable has the applications that fit into a landing zone with a resource group of its own, and into a subscription.
func fitTable() string {
	polls := []time.Duration{AzurePoll, 3 * AzurePoll, 6 * AzurePoll}
	rows := [][]string{{"An application has", "A landing zone: vaults in a resource group", "A subscription: role assignments"}}

	for _, poll := range polls {
		rows[0] = append(rows[0], fmt.Sprintf("An identity in a subscription: reads, `--poll=%s`", short(poll)))
	}

	for _, poll := range polls[:2] {
		rows[0] = append(rows[0], fmt.Sprintf("So a subscription with one identity holds, `--poll=%s`", short(poll)))
	}

	for _, kind := range []struct {
		Application

		has string
	}{
		{NewApplication(1), "1 role assignment: its own"},
		{NewApplication(2), "2: its own and an officer's"},
		{NewApplication(3), "3: its own, an officer's and the secret creator's"},
		{NewApplication(1 + sharedSecrets), fmt.Sprintf("1, and %d on shared secrets in the subscription", sharedSecrets)},
		{NewApplication(1).private(), "1, and a private endpoint and logs"},
	} {
		f := kind.Fit(AzurePoll)
		row := []string{kind.has, thousands(f.ResourceGroup), thousands(f.Assignments)}

		for _, poll := range polls {
			row = append(row, thousands(kind.Fit(poll).Reads))
		}

		for _, poll := range polls[:2] {
			all, first, groups := kind.Fit(poll).Subscription()
			row = append(row, fmt.Sprintf("**%s**: %s; %d zones", thousands(all), first, groups))
		}

		rows = append(rows, row)
	}

	return table(rows)
}

func requestsTable() string {
	rows := [][]string{{
		"Role assignments of an application", "Reads of one observation", "Tokens of one observation", "Reads of a new application", "Its writes",
		"800 applications after a restart", "800 new applications",
	}}

	for n := range 3 {
		a := NewApplication(n + 1)
		rows = append(rows, []string{
			strconv.Itoa(n + 1), strconv.Itoa(a.Reads()), strconv.Itoa(a.sum(Tokens())), strconv.Itoa(a.sum(FirstReads())), strconv.Itoa(a.resources()),
			short(a.Restart(PerResourceGroup)), short(a.Creation(PerResourceGroup)),
		})
	}

	return table(rows)
}

func costTable() string {
	rows := [][]string{{"", "A new value arrives after", "Requests of a month", "In a month", "1,000 applications", "Fit in a subscription and region"}}

	add := func(name string, after time.Duration, l Load) {
		rows = append(rows, []string{
			name, "at most " + short(after), thousands(significant(l.Requests(), 3)), money(l.Dollars()), money(1000 * l.Dollars()),
			thousands(significant(float64(VaultsFit(l)), 2)),
		})
	}

	for _, interval := range []time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute} {
		name := fmt.Sprintf("`pollInterval: %s`", short(interval))
		if interval == 30*time.Second {
			name += ", the default"
		}

		add(name, interval, Sync(interval, secrets))
	}

	for _, interval := range []time.Duration{time.Hour, 30 * time.Second} {
		name := fmt.Sprintf("External Secrets, `refreshInterval: %s`", short(interval))
		if interval == time.Hour {
			name += ", the default"
		}

		add(fmt.Sprintf("%s, `data` with %d keys", name, keys), interval, ExternalSecrets(interval, keys))
		add(fmt.Sprintf("%s, `dataFrom` with %d secrets", name, secrets), interval, ExternalSecrets(interval, secrets))
	}

	return table(rows)
}

// table formats a table in Markdown.
func table(rows [][]string) string {
	var b strings.Builder

	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))

		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}

	return b.String()
}

// short formats a duration without zero minutes and seconds.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}

	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}

	return s
}

// significant rounds a number to some digits.
func significant(n float64, digits int) int {
	unit := math.Pow10(int(math.Floor(math.Log10(n))) + 1 - digits)

	return int(math.Round(n/unit) * unit)
}

// thousands formats a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}

	return s
}

// money formats dollars and cents, without cents from 10 dollars on.
func money(dollars float64) string {
	if dollars >= 10 {
		return "$" + thousands(int(math.Round(dollars)))
	}

	return "$" + strconv.FormatFloat(dollars, 'f', 2, 64)
}

// written finds the tables of a page, by the name in the preceding comment.
var written = regexp.MustCompile(`(?m)^<!-- computed: ([a-z]+) -->\n\n((?:\|.*\n)+)`)

// compute replaces the tables of a page, and returns the names of the tables it has.
func compute(page string) (computed string, names []string) {
	all := tables()

	return written.ReplaceAllStringFunc(page, func(found string) string {
		name := written.FindStringSubmatch(found)[1]
		names = append(names, name)

		return fmt.Sprintf("<!-- computed: %s -->\n\n%s", name, all[name])
	}), names
}
