// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/test/argocd"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	application = "web-application"
	composed    = "crossplane.io/composition-resource-name"
)

// An object is a map, for paths of fields.
type object = *unstructured.Unstructured

func text(o object, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}

func objects(t *testing.T, data []byte) []object {
	t.Helper()

	out, err := render.Objects(data)
	check.Must(t, err)

	return out
}

func find(t *testing.T, all []object, kind string) object {
	t.Helper()

	i := slices.IndexFunc(all, func(o object) bool { return o.GetKind() == kind })
	if i < 0 {
		t.Fatalf("there is no %s", kind)
	}

	return all[i]
}

// health returns the health from Argo CD's own engine, with the settings that a platform team
// installs.
func health(t *testing.T) func(o object) argocd.Health {
	t.Helper()

	settings, err := argocd.Build(t.Context(), check.File(t, "test", "argocd", "testdata", "install"))
	check.Must(t, err)

	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		check.Must(t, os.WriteFile(path, data, 0o600))

		return path
	}

	cli, err := argocd.New(t.Context(), write("argocd-cm.yaml", settings))
	check.Must(t, err)

	return func(o object) argocd.Health {
		t.Helper()

		data, err := yaml.Marshal(o.Object)
		check.Must(t, err)

		got, err := cli.Health(t.Context(), write("object.yaml", data))
		check.Must(t, err)

		return got
	}
}

// treeOf returns the tree of an application with one secret that has no values yet: the observed resources of the example's
// last stage except for that secret, the function's result, and Argo CD's health.
func treeOf(t *testing.T) *canvas {
	t.Helper()

	const awaiting = "prod-api-credentials"

	harness, err := render.Start(t.Context(), check.File(t))
	check.Must(t, err)
	check.Close(t, harness)

	manifest := []byte(check.Read(t, "examples", application, "application.yaml"))
	observed := objects(t, []byte(check.Read(t, "examples", application, "observed", "3-secrets-synced.yaml")))
	sync := find(t, observed, v1alpha1.KeyVaultSecretSyncKind)
	secrets, _, _ := unstructured.NestedSlice(sync.Object, "status", "atProvider", "secrets")

	for i, s := range secrets {
		secret, _ := s.(map[string]any)
		if secret["name"] != awaiting {
			continue
		}

		// The message is the provider's for a secret that it has created.
		found := plan.AwaitingValue(v1alpha1.SyncedSecret{Name: awaiting, Keys: []string{"API_KEY", "API_SECRET"}})
		about := finding.Subject{Secret: awaiting, Vault: text(sync, "spec", "forProvider", "vaultUri")}
		secrets[i] = map[string]any{"name": awaiting, "state": string(found.State), "message": finding.Sentences(about, found.Findings...)}
	}

	for path, value := range map[string]any{"secrets": secrets, "state": "AwaitingValue", "secretsSynced": "3/4"} {
		check.Must(t, unstructured.SetNestedField(sync.Object, value, "status", "atProvider", path))
	}

	unready := []any{map[string]any{"type": "Synced", "status": "True"}, map[string]any{"type": "Ready", "status": "False"}}
	check.Must(t, unstructured.SetNestedSlice(sync.Object, unready, "status", "conditions"))

	rendered, err := harness.RenderManifest(t.Context(), render.Modern, manifest, stream(t, observed))
	check.Must(t, err)

	ask, listed := health(t), listedKinds(t)
	node := func(o object) Node {
		h := ask(o)
		return Node{Kind: o.GetKind(), Name: o.GetName(), Health: h.Status, Message: h.Message, Hidden: !listed[o.GetKind()]}
	}

	// The composed resources are observed unchanged.
	var below []Node

	for _, o := range observed {
		below = append(below, node(o))
	}

	root := objects(t, []byte(check.Read(t, "examples", "argocd", application+".yaml")))[0]

	return drawTree(Node{Kind: root.GetKind(), Name: root.GetName()}, node(find(t, objects(t, rendered), "PlatformApplication")), below)
}

func stream(t *testing.T, all []object) []byte {
	t.Helper()

	manifests := make([][]byte, len(all))

	for i, o := range all {
		data, err := yaml.Marshal(o.Object)
		check.Must(t, err)

		manifests[i] = data
	}

	return bytes.Join(manifests, []byte("---\n"))
}

// listedKinds returns the kinds that the project of a team lists.
func listedKinds(t *testing.T) map[string]bool {
	t.Helper()

	project := objects(t, []byte(check.Read(t, "examples", "argocd", "appproject.yaml")))[0]
	list, _, _ := unstructured.NestedSlice(project.Object, "spec", "namespaceResourceWhitelist")
	out := map[string]bool{}

	for _, l := range list {
		entry, _ := l.(map[string]any)
		kind, _ := entry["kind"].(string)
		out[kind] = true
	}

	return out
}

// scopesOf returns the roles of the web application, from its golden rendering, and those that the platform team grants, from
// the page with the commands.
func scopesOf(t *testing.T) *canvas {
	t.Helper()

	all := objects(t, []byte(check.Read(t, "test", "render", "testdata", "golden", "modern", application, "3-secrets-synced.yaml")))
	settings := objects(t, []byte(check.Read(t, "examples", "environmentconfig.yaml")))[0]
	identity := text(find(t, all, "PlatformApplication"), "status", "identity", "principalId")
	creator := text(settings, "data", "secretCreatorPrincipalId")
	group := "/subscriptions/" + text(settings, "data", "subscriptionId") + "/resourceGroups/" + text(settings, "data", "resourceGroupName")

	assigned := func(principal, kind string) Grant {
		switch principal {
		case identity:
			return Grant{Who: "The application's identity", Principal: "identity " + text(find(t, all, "PlatformApplication"), "status", "identity", "name")}
		case creator:
			return Grant{Who: "The secret creator of the platform", Principal: principal, Note: "with roleAssignments: Vault"}
		default:
			return Grant{Who: "Officers of the settings and the manifest", Principal: strings.ToLower(kind) + " " + principal, Note: "of the settings: with roleAssignments: Vault"}
		}
	}

	var grants []Grant

	for _, o := range all {
		field := func(name string) string { return text(o, "spec", "forProvider", name) }

		switch o.GetKind() {
		case "RoleAssignment":
			g := assigned(field("principalId"), field("principalType"))
			g.Role, g.Scope = field("roleDefinitionName"), field("scope")
			grants = append(grants, g)
		case "FederatedIdentityCredential":
			grants = append(grants, Grant{Who: "The ServiceAccount of the application", Principal: field("subject"), Role: "federated credential", Note: "signs in as this identity", Scope: field("parentId")})
		}
	}

	for _, m := range regexp.MustCompile(`az role assignment create((?:[^\n]*\\\n)+[^\n]*)`).FindAllStringSubmatch(check.Read(t, "docs", "how-to", "set-up-a-platform.md"), -1) {
		role := regexp.MustCompile(`--role "([^"]+)"`).FindStringSubmatch(m[1])
		scope := map[bool]string{true: group, false: parent(group)}[strings.Contains(m[1], `--scope "$RESOURCE_GROUP_ID"`)]

		if role != nil {
			g := Grant{Who: "Crossplane's Azure providers", Principal: "identity crossplane", Role: role[1], Scope: scope}

			// Officers and the secret creator have their role either here or on each vault.
			switch {
			case strings.Contains(m[1], `"$CREATOR_OBJECT_ID"`):
				g.Who, g.Principal, g.Note = "The secret creator of the platform", creator, "with roleAssignments: Granted"
			case !strings.Contains(m[1], `"$PROVIDER_OBJECT_ID"`):
				g.Who, g.Principal, g.Note = "Officers of the settings", officers(m[1]), "with roleAssignments: Granted"
			case strings.Contains(m[1], "--condition "):
				g.Note = "limited to the two roles of applications"
			case strings.Contains(role[1], "Purge"):
				g.Note = "only if applications may use Purge" // The page has the same condition.
			}

			grants = append(grants, g)
		}
	}

	return drawScopes(grants)
}

// officers returns the principal of a command that assigns a role to officers.
func officers(command string) string {
	m := regexp.MustCompile(`--assignee-object-id (\S+)[^-]+--assignee-principal-type (\S+)`).FindStringSubmatch(command)
	if m == nil {
		return ""
	}

	return strings.ToLower(m[2]) + " " + m[1]
}

// boardOf returns the dashboard with the recorded sample. test/monitoring records it.
func boardOf(t *testing.T) *canvas {
	t.Helper()

	var (
		d Dashboard
		s Sample
	)

	for path, into := range map[string]any{"package/monitoring/dashboard.json": &d, "test/docs/pictures/" + SampleFile: &s} {
		if err := json.Unmarshal([]byte(check.Read(t, path)), into); err != nil {
			t.Fatalf("cannot read %s: %v", path, err)
		}
	}

	return drawBoard(d, s)
}

// decisionsOf returns the decisions of the troubleshooting page: its first questions, and the
// answers in its tables.
func decisionsOf(t *testing.T) *canvas {
	t.Helper()

	page := check.Read(t, "docs", "how-to", "troubleshoot.md")
	ask := health(t)

	var questions []Question

	for _, row := range docs.Table(page, "You see", "Then") {
		q := Question{Text: docs.Words(row[0])}

		switch condition, unready := strings.CutSuffix(q.Text, " is not True"); {
		case condition == compose.TypeSecretsSynced:
			q.Answers = states(t, ask)
		case unready:
			q.Answers = reasons(t, ask, page, condition)
		default:
			// The row has the target of the link, and the action.
			title, text, _ := strings.Cut(docs.Words(row[1]), ". ")
			q.Answers = []Answer{{Lead: title, Text: sentence(text)}}
		}

		for _, condition := range compose.ConditionTypes() {
			if reason, ok := strings.CutPrefix(q.Text, condition+" has reason "); ok {
				q.Answers[0].Health = ask(withReason(condition, reason, "Synced")).Status
			}
		}

		q.Text = question(q.Text)
		questions = append(questions, q)
	}

	return drawDecisions("It does not start: what to look at, one after the other", questions)
}

// withReason returns an application with a single fault: one condition, or one secret in a state.
func withReason(condition, reason, state string) object {
	var conditions []any

	for _, c := range append(compose.ConditionTypes(), "Synced", "Ready") {
		one := map[string]any{"type": c, "status": "True", "reason": compose.ReasonAvailable, "message": c}
		if c == condition {
			one["status"], one["reason"] = "False", reason
		}

		conditions = append(conditions, one)
	}

	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "PlatformApplication", "metadata": map[string]any{"name": application},
		"status": map[string]any{"conditions": conditions, "secrets": []any{map[string]any{"name": "a", "state": state}}},
	}}
}

// reasons returns the reasons of an unmet condition, by Argo CD's health.
func reasons(t *testing.T, ask func(object) argocd.Health, page, condition string) []Answer {
	t.Helper()

	fine := []string{compose.ReasonAvailable, compose.ReasonNotRequested, compose.ReasonVariablesWithheld}
	by := map[string][]string{}
	_, section, _ := strings.Cut(page, "\n## "+condition+"\n")

	for _, row := range docs.Table(section, "Reason", "Message", "What to do") {
		for reason := range strings.SplitSeq(docs.Words(row[0]), ", ") {
			if slices.Contains(fine, reason) {
				continue
			}

			h := ask(withReason(condition, reason, "Synced")).Status
			if !slices.Contains(by[h], reason) {
				by[h] = append(by[h], reason)
			}
		}
	}

	var answers []Answer

	for _, h := range []struct{ health, meaning string }{
		{"Progressing", "Wait"},
		{"Suspended", "It waits for a person"},
		{"Degraded", "Somebody must repair it; the message says what"},
	} {
		if len(by[h.health]) > 0 {
			answers = append(answers, Answer{h.health, strings.Join(by[h.health], ", "), h.health + ". " + h.meaning + "."})
		}
	}

	return answers
}

// states returns the states of secrets, and of the Kubernetes Secret as a whole, with the party that acts: "you" is the application
// team that looks at the picture.
func states(t *testing.T, ask func(object) argocd.Health) []Answer {
	t.Helper()

	by := map[string][]Answer{}

	for _, row := range docs.Table(check.Read(t, "docs", "operations", "runbook.md"), "State", "Of", "Who acts", "Do", "Normal for", "Argo CD") {
		state, who, do := docs.Words(row[0]), strings.Replace(docs.Words(row[2]), "application team", "you", 1), docs.Words(row[3])
		if state == string(v1alpha1.StateSynced) {
			continue
		}

		reason := compose.ReasonSecretsNotSynced
		if strings.HasPrefix(state, "Target") {
			reason = compose.ReasonSecretNotWritten
		}

		health := ask(withReason(compose.TypeSecretsSynced, reason, state)).Status
		if said, _, _ := strings.Cut(row[5], ";"); said != health {
			t.Errorf("the runbook says that Argo CD shows state %s as %s, want %s", state, said, health)
		}

		// The first sentence describes the usual case.
		first, _, _ := strings.Cut(do, ". ")
		actor, _, _ := strings.Cut(who, ",")

		by[actor] = append(by[actor], Answer{
			Health: health,
			Lead:   state,
			Text:   capital(who) + ": " + strings.ToLower(first[:1]) + first[1:] + ".",
		})
	}

	return slices.Concat(by["you"], by["platform team"], by["nobody"])
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func sentence(s string) string {
	if s == "" {
		return ""
	}

	s = capital(s)
	if strings.HasSuffix(s, "?") {
		return s
	}

	return strings.TrimSuffix(s, ".") + "."
}

func question(s string) string { return strings.TrimSuffix(sentence(s), ".") + "?" }
