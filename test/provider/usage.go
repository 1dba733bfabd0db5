// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clockTick is the unit of processor times in /proc, on every Linux that Go supports.
const clockTick = 10 * time.Millisecond

// A Usage is what a process has used of the machine.
type Usage struct {
	// CPU is the time of a processor since its start, of user and system.
	CPU time.Duration
	// Memory and Peak are in MiB. They include pages of the program file.
	Memory, Peak float64
	// Connections to Azure are open.
	Connections int
}

// Usage returns what the provider has used since it was started.
func (p *Process) Usage(tb testing.TB) Usage {
	tb.Helper()

	u := Usage{Memory: p.mebibytes(tb, "VmRSS:"), Peak: p.mebibytes(tb, "VmHWM:")}

	// The second field is the program's name in parentheses.
	_, stat, _ := strings.Cut(p.proc(tb, "stat"), ") ")
	fields := strings.Fields(stat)

	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		must(tb, err)

		u.CPU += time.Duration(ticks) * clockTick
	}

	const established = "01"

	for line := range strings.Lines(p.proc(tb, "net/tcp")) {
		if f := strings.Fields(line); strings.HasSuffix(f[2], p.azurePort) && f[3] == established {
			u.Connections++
		}
	}

	return u
}

func (p *Process) mebibytes(tb testing.TB, field string) float64 {
	tb.Helper()

	kib := 0.0
	_, text, _ := strings.Cut(p.proc(tb, "status"), field)

	_, err := fmt.Sscan(text, &kib)
	must(tb, err)

	return kib / 1024
}

func (p *Process) proc(tb testing.TB, file string) string {
	tb.Helper()

	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	must(tb, err)

	return string(content)
}

// portOf a URL, as /proc writes it after an address.
func portOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}

	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return ""
	}

	return fmt.Sprintf(":%04X", port)
}
