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
	"strings"
	"time"
	"unicode"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
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

// A Report of a run, for a team to attach to a change. It has no value of any secret.
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

	// Remains is what is still there after the run.
	Remains []string `json:"remains,omitempty"`

	// CleanUp has the commands that clean up, if the run could not.
	CleanUp []string `json:"cleanUp,omitempty"`

	// Skipped is what the run did not do.
	Skipped []string `json:"skipped,omitempty"`

	// Notes say what could not be found out.
	Notes []string `json:"notes,omitempty"`
}

// Versions of everything.
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

// Azure is where the application was, and who was its officer.
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

	// Kept tells that the vault had its values again when the application came back.
	Kept bool `json:"kept"`

	// Purged tells that it had none.
	Purged bool `json:"purged"`

	Identity        string `json:"identity,omitempty"`
	ClientID        string `json:"clientId,omitempty"`
	PrincipalID     string `json:"principalId,omitempty"`
	OfficerObjectID string `json:"officerObjectId,omitempty"`
	OfficerClientID string `json:"officerClientId,omitempty"`
}

// A StepReport is what came of a step.
type StepReport struct {
	Name     string        `json:"name"`
	What     string        `json:"what"`
	Result   Result        `json:"result"`
	Seconds  float64       `json:"seconds"`
	Normal   string        `json:"normal"`
	Measured []Measurement `json:"measured,omitempty"`
	Error    string        `json:"error,omitempty"`

	// Conditions of the application when the step failed, in its own words.
	Conditions []Condition `json:"conditions,omitempty"`
}

// A Measurement of something that a step waited for.
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

// remains of a run in Azure that has deleted its application.
func remains(a Azure, policy v1alpha1.DeletionPolicy, deleted time.Time) []string {
	if a.Vault == "" {
		return nil
	}

	until := deleted.AddDate(0, 0, a.RetentionDays).Format(time.DateOnly)

	switch {
	case a.PurgeProtection || policy != v1alpha1.DeletionPurge:
		return []string{fmt.Sprintf("Deleted vault %s, until %s. It costs nothing, and nobody can purge it before.", a.Vault, until)}
	case a.Kept:
		return []string{fmt.Sprintf("Deleted vault %s, until %s: the Azure providers may not purge. To purge it: az keyvault purge --name %s --location %s", a.Vault, until, a.Vault, a.Location)}
	case !a.Purged:
		return []string{fmt.Sprintf("Deleted vault %s, until %s, if the Azure providers may not purge. The run ended before it could tell.", a.Vault, until)}
	default:
		return nil
	}
}

// Markdown is the report for people.
func (r Report) Markdown() string {
	var b strings.Builder

	fmt.Fprintf(&b, "# Acceptance run %s: %s\n\n", r.Run, r.Result)

	table(&b, []string{"What", "Value"}, pairs(
		"Started", r.Started.Format(time.RFC3339), "Ended", ended(r), "Program", r.Program, "Image", r.Image, "Doctor", r.Doctor,
		"Cluster", r.ClusterID, "API server", r.Server, "Variant of the API", r.Variant, "Namespace", r.Namespace,
		"Kubernetes", r.Versions.Kubernetes, "Crossplane", r.Versions.Crossplane,
		"Tenant", r.Azure.TenantID, "Subscription", r.Azure.SubscriptionID, "Resource group", r.Azure.ResourceGroup, "Location", r.Azure.Location,
		"Vault", r.Azure.VaultID, "Vault URI", r.Azure.VaultURI, "Deletion policy", r.DeletionPolicy,
		"Identity", r.Azure.Identity, "Client id of the identity", r.Azure.ClientID, "Principal id of the identity", r.Azure.PrincipalID,
		"Object id of the officer", r.Azure.OfficerObjectID, "Client id of the officer", r.Azure.OfficerClientID,
	))

	var packages [][]string
	for _, p := range r.Versions.Packages {
		packages = append(packages, []string{p.Kind, p.Name, p.Package, p.Revision})
	}

	section(&b, "Packages", []string{"Kind", "Name", "Package", "Revision"}, packages)
	section(&b, "Steps", []string{"Step", "What", "Result", "Seconds", "Normally"}, stepRows(r))

	for _, s := range allSteps(r) {
		if s.Error == "" {
			continue
		}

		fmt.Fprintf(&b, "\n## Step %s failed\n\n%s\n", s.Name, cell(s.Error))

		var conditions [][]string
		for _, c := range s.Conditions {
			conditions = append(conditions, []string{c.Type, c.Status, c.Reason, c.Message})
		}

		if len(conditions) > 0 {
			b.WriteString("\nThe application said:\n\n")
			table(&b, []string{"Condition", "Status", "Reason", "Message"}, conditions)
		}
	}

	list(&b, "What remains", r.Remains)

	if len(r.CleanUp) > 0 {
		fmt.Fprintf(&b, "\n## Clean up\n\n```sh\n%s\n```\n", strings.Join(r.CleanUp, "\n"))
	}

	list(&b, "What was not done", r.Skipped)
	list(&b, "What could not be found out", r.Notes)

	return b.String()
}

// allSteps, with the cleanup.
func allSteps(r Report) []StepReport {
	out := slices.Clone(r.Steps)
	if r.Cleanup != nil {
		out = append(out, *r.Cleanup)
	}

	return out
}

// stepRows are the steps, with what was measured in them.
func stepRows(r Report) [][]string {
	var out [][]string

	for _, s := range allSteps(r) {
		took := fmt.Sprintf("%.1f", s.Seconds)
		if s.Result == NotReached {
			took = ""
		}

		out = append(out, []string{s.Name, s.What, string(s.Result), took, s.Normal})
		for _, m := range s.Measured {
			out = append(out, []string{"", m.What, "", fmt.Sprintf("%.1f", m.Seconds), ""})
		}
	}

	return out
}

func ended(r Report) string {
	if r.Ended.IsZero() {
		return ""
	}

	return r.Ended.Format(time.RFC3339)
}

// pairs of names and values, without those that have no value.
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
		table(b, head, rows)
	}
}

func table(b *strings.Builder, head []string, rows [][]string) {
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

// cell is a text of anybody in Markdown, which neither ends the cell nor becomes a link or an element.
func cell(s string) string {
	s = shorten(s)

	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "`", "\\`", "[", `\[`, "]", `\]`, "*", `\*`).Replace(s)
}

func printable(r rune) bool { return unicode.IsPrint(r) && !unicode.IsSpace(r) }

// seconds with a tenth of them.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 } //nolint:mnd // A tenth.

// Encode the report: as JSON if the format is that, else as Markdown.
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

// WriteFile of the report, as JSON if that is how the file's name ends, else as Markdown. There is always a whole report in it.
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
