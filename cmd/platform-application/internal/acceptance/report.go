// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// A Result of a run or a step.
type Result string

// Results.
const (
	Passed     Result = "Passed"
	Failed     Result = "Failed"
	Running    Result = "Running"
	NotReached Result = "NotReached"
)

// A Report of a run, which a team attaches to a change. It has no value of any secret.
type Report struct {
	Run       string    `json:"run"`
	Result    Result    `json:"result"`
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended,omitzero"`
	Program   string    `json:"program"`
	Image     string    `json:"image"`
	Doctor    string    `json:"doctor"`
	ClusterID string    `json:"clusterId,omitempty"`
	Server    string    `json:"server,omitempty"`
	Variant   string    `json:"variant,omitempty"`
	Namespace string    `json:"namespace"`

	DeletionPolicy string `json:"deletionPolicy"`

	Versions Versions     `json:"versions"`
	Azure    Azure        `json:"azure"`
	Steps    []StepReport `json:"steps"`
	Cleanup  *StepReport  `json:"cleanup,omitempty"`

	// Remains lists what still exists after the run.
	Remains []string `json:"remains,omitempty"`

	// CleanUp has the commands that clean up, if the run could not.
	CleanUp []string `json:"cleanUp,omitempty"`

	// Skipped lists what the run did not test.
	Skipped []string `json:"skipped,omitempty"`

	// Notes list what could not be determined.
	Notes []string `json:"notes,omitempty"`
}

// Versions of the platform.
type Versions struct {
	Kubernetes string    `json:"kubernetes,omitempty"`
	Crossplane string    `json:"crossplane,omitempty"`
	Packages   []Package `json:"packages,omitempty"`
}

// A Package of Crossplane.
type Package struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Package  string `json:"package"`
	Revision string `json:"revision,omitempty"`
}

// Azure has the resources of the application in Azure, and its officer.
type Azure struct {
	TenantID       string `json:"tenantId,omitempty"`
	SubscriptionID string `json:"subscriptionId,omitempty"`
	ResourceGroup  string `json:"resourceGroup,omitempty"`
	Location       string `json:"location,omitempty"`

	Vault           string `json:"vault,omitempty"`
	VaultURI        string `json:"vaultUri,omitempty"`
	VaultID         string `json:"vaultId,omitempty"`
	RetentionDays   int    `json:"retentionDays,omitempty"`
	PurgeProtection bool   `json:"purgeProtection"`

	// Kept is true if the vault still had its values when the application was created again.
	Kept bool `json:"kept"`

	// Purged is true if it had none.
	Purged bool `json:"purged"`

	Identity        string `json:"identity,omitempty"`
	ClientID        string `json:"clientId,omitempty"`
	PrincipalID     string `json:"principalId,omitempty"`
	OfficerObjectID string `json:"officerObjectId,omitempty"`
	OfficerClientID string `json:"officerClientId,omitempty"`
}

// A StepReport is the result of a step.
type StepReport struct {
	Name     string        `json:"name"`
	What     string        `json:"what"`
	Result   Result        `json:"result"`
	Seconds  float64       `json:"seconds"`
	Normal   string        `json:"normal"`
	Measured []Measurement `json:"measured,omitempty"`
	Error    string        `json:"error,omitempty"`

	// Conditions of the application when the step failed.
	Conditions []Condition `json:"conditions,omitempty"`
}

// A Measurement of a part of a step.
type Measurement struct {
	What    string  `json:"what"`
	Seconds float64 `json:"seconds"`
}

// A Condition of the application.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// remains returns what a run leaves in Azure after it has deleted its application.
func remains(a Azure, policy v1alpha1.DeletionPolicy, deleted time.Time) []string {
	if a.Vault == "" {
		return nil
	}

	with := sentence.With{"vault": a.Vault, "location": a.Location, "date": deleted.AddDate(0, 0, a.RetentionDays).Format(time.DateOnly)}

	switch {
	case a.PurgeProtection || policy != v1alpha1.DeletionPurge:
		return []string{vaultRetained.Render(with)}
	case a.Kept:
		return []string{vaultNotPurged.Render(with)}
	case !a.Purged:
		return []string{vaultUnknown.Render(with)}
	default:
		return nil
	}
}

// Markdown renders the report for people.
func (r Report) Markdown() string {
	var b strings.Builder

	fmt.Fprintf(&b, "# %s\n\n", headingRun.Render(sentence.With{"run": r.Run, "result": r.Result}))
	writeTable(&b, factColumns, facts(r))

	var packages [][]string
	for _, p := range r.Versions.Packages {
		packages = append(packages, []string{p.Kind, p.Name, p.Package, p.Revision})
	}

	section(&b, headingPackages, packageColumns, packages)
	section(&b, headingSteps, stepColumns, stepRows(r))

	for _, s := range allSteps(r) {
		if s.Error == "" {
			continue
		}

		fmt.Fprintf(&b, "\n## %s\n\n%s\n", headingFailed.Render(sentence.With{"step": s.Name}), cell(s.Error))

		var conditions [][]string
		for _, c := range s.Conditions {
			conditions = append(conditions, []string{c.Type, c.Status, c.Reason, c.Message})
		}

		if len(conditions) > 0 {
			fmt.Fprintf(&b, "\n%s\n\n", headingConditions)
			writeTable(&b, conditionColumns, conditions)
		}
	}

	list(&b, headingRemains, r.Remains)

	if len(r.CleanUp) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n```sh\n%s\n```\n", headingCleanUp, strings.Join(r.CleanUp, "\n"))
	}

	list(&b, headingSkipped, r.Skipped)
	list(&b, headingNotes, r.Notes)

	return b.String()
}

// allSteps returns the steps and the cleanup.
func allSteps(r Report) []StepReport {
	out := slices.Clone(r.Steps)
	if r.Cleanup != nil {
		out = append(out, *r.Cleanup)
	}

	return out
}

// stepRows returns a row for each step and each measurement.
func stepRows(r Report) [][]string {
	var out [][]string

	for _, s := range allSteps(r) {
		took := tenths(s.Seconds)
		if s.Result == NotReached {
			took = ""
		}

		out = append(out, []string{s.Name, s.What, string(s.Result), took, s.Normal})
		for _, m := range s.Measured {
			out = append(out, []string{"", m.What, "", tenths(m.Seconds), ""})
		}
	}

	return out
}

// pairs returns names with values, and omits empty values.
func pairs(list ...string) [][]string {
	var out [][]string

	for p := range slices.Chunk(list, 2) { //nolint:mnd // A pair.
		if p[1] != "" {
			out = append(out, p)
		}
	}

	return out
}

func section(b *strings.Builder, title string, head []string, rows [][]string) {
	if len(rows) > 0 {
		fmt.Fprintf(b, "\n## %s\n\n", title)
		writeTable(b, head, rows)
	}
}

func writeTable(b *strings.Builder, head []string, rows [][]string) {
	row(b, head)
	b.WriteString("|" + strings.Repeat("---|", len(head)) + "\n")

	for _, r := range rows {
		row(b, r)
	}
}

func row(b *strings.Builder, cells []string) {
	b.WriteString("|")

	for _, c := range cells {
		b.WriteString(" " + cell(c) + " |")
	}

	b.WriteString("\n")
}

func list(b *strings.Builder, title string, items []string) {
	if len(items) == 0 {
		return
	}

	fmt.Fprintf(b, "\n## %s\n\n", title)

	for _, i := range items {
		fmt.Fprintf(b, "- %s\n", cell(i))
	}
}

// cell escapes any text for a cell of a Markdown table.
func cell(s string) string {
	s = shorten(s)

	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "`", "\\`", "[", `\[`, "]", `\]`, "*", `\*`).Replace(s)
}

func printable(r rune) bool { return unicode.IsPrint(r) && !unicode.IsSpace(r) }

// tenths formats seconds.
func tenths(s float64) string { return strconv.FormatFloat(s, 'f', 1, 64) }

// seconds rounds to a tenth.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 } //nolint:mnd // A tenth.

// Encode returns the report as JSON if the format is json, otherwise as Markdown.
func (r Report) Encode(format string) ([]byte, error) {
	if format != "json" {
		return []byte(r.Markdown()), nil
	}

	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot encode report: %w", err)
	}

	return append(data, '\n'), nil
}

// WriteFile writes the report as JSON if the file's name ends in .json, otherwise as Markdown. The file always has a complete report.
func (r Report) WriteFile(path string) error {
	data, err := r.Encode(strings.TrimPrefix(filepath.Ext(path), "."))
	if err != nil {
		return err
	}

	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}

	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}

	return nil
}
