// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/payload"
)

// marker begins every value, old or new, so that a leaked value is found anywhere.
const marker = "VaLuE"

// An input has the arguments of Make, and the test's knowledge about them.
type input struct {
	spec     v1alpha1.KeyVaultSecretSyncParameters
	previous v1alpha1.KeyVaultSecretSyncObservation
	current  Current
	findings map[string]Observed

	// good are the secrets with a good value in the vault.
	good map[string]bool
	// whole are the secrets whose data is complete and recorded.
	whole map[string]bool
	// foreign is data of other owners.
	foreign []string
}

func (in input) make() Plan {
	return Make(in.spec, in.previous, in.current, in.findings, noon())
}

// applied is the Secret after the field manager has applied the plan: keys that it no longer
// applies are removed.
func applied(in input, p Plan) Current {
	d := maps.Clone(p.Data)
	for _, key := range in.foreign {
		if _, ours := d[key]; !ours {
			d[key] = in.current.Data[key]
		}
	}

	return Current{Data: d, Record: p.Record}
}

// synced are the findings if the vault has nothing new.
func synced(r Record) map[string]Observed {
	findings := map[string]Observed{}
	for name := range r {
		findings[name] = state(v1alpha1.StateSynced)
	}

	return findings
}

func TestMakeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		p := in.make()

		checkLastKnownGood(t, in, p)
		checkInUse(t, in, p)
		checkStatus(t, in, p)
		checkForeign(t, in, p)
		checkOptionalCounts(t, in, p)
		checkSecrecy(t, p)
		checkAgain(t, in, p)
		checkMessages(t, in, p)
	})
}

// checkMessages checks that no decision depends on a message in the status, because an earlier
// version may have written it.
func checkMessages(t *rapid.T, in input, p Plan) {
	t.Helper()

	in.previous = p.Before.Observation(in.spec)
	want := in.make()

	in.previous.Secrets = slices.Clone(in.previous.Secrets)
	for i := range in.previous.Secrets {
		in.previous.Secrets[i].Message = rapid.SampledFrom([]string{"", "Of an earlier version.", "The values it had before stay in use."}).Draw(t, "message")
	}

	if diff := cmp.Diff(want, in.make()); diff != "" {
		t.Fatalf("A message in the status matters: -want, +got:\n%s", diff)
	}
}

// checkLastKnownGood checks that data of a listed secret stays until good data replaces it.
func checkLastKnownGood(t *rapid.T, in input, p Plan) {
	t.Helper()

	for _, s := range in.spec.Secrets {
		if in.good[s.Name] {
			checkReplaced(t, in, p, s)
			continue
		}

		for key, value := range in.current.Data {
			if secretOf(key) != s.Name || slices.Contains(in.foreign, key) || slices.Contains(in.current.Record[s.Name].Retired, key) {
				continue
			}

			if got, ok := p.Data[key]; !ok || string(got) != string(value) {
				t.Fatalf("No good value of %s was read, but data %s does not stay: %q is now %q", s.Name, key, value, got)
			}
		}
	}
}

// checkInUse checks that no data of a listed secret is deleted while pods reference it, whatever
// the vault answers, and that unreferenced data of an old version is deleted.
func checkInUse(t *rapid.T, in input, p Plan) {
	t.Helper()

	for key := range in.current.Data {
		if slices.Contains(in.foreign, key) || !slices.ContainsFunc(in.spec.Secrets, func(s v1alpha1.SyncedSecret) bool { return s.Name == secretOf(key) }) {
			continue
		}

		if _, stays := p.Data[key]; !stays && slices.Contains(in.spec.Target.InUse, key) {
			t.Fatalf("Pods refer to data %s, which is taken away", key)
		}
	}

	for name, c := range p.Record {
		for _, key := range c.Retired {
			if !slices.Contains(in.spec.Target.InUse, key) || secretOf(key) != name {
				t.Fatalf("Data %s stays for %s, and no pod refers to it", key, name)
			}
		}
	}
}

// checkReplaced checks that good data is written as a whole.
func checkReplaced(t *rapid.T, in input, p Plan, s v1alpha1.SyncedSecret) {
	t.Helper()

	secret := in.findings[s.Name].Secret

	parsed, err := payload.Parse(payload.Secret{Name: s.Name, ContentType: secret.ContentType, Value: secret.Value}, payload.Format(s.Format))
	if err != nil {
		t.Fatalf("A good value cannot be read: %v", err)
	}

	want := map[string]string{}
	for _, e := range parsed.Entries {
		if e.Value != nil {
			want[e.DataKey] = string(e.Value)
		}
	}

	for _, key := range in.spec.Target.InUse {
		value, had := in.current.Data[key]
		if _, has := want[key]; had && !has && secretOf(key) == s.Name {
			want[key] = string(value)
		}
	}

	got := map[string]string{}
	for key, value := range p.Data {
		if secretOf(key) == s.Name {
			got[key] = string(value)
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("A good value of %s was read: -want, +got:\n%s", s.Name, diff)
	}

	if v := p.Record[s.Name].Version; v != secret.Version {
		t.Fatalf("A good value of %s was read: its version is %s and the record says %s", s.Name, secret.Version, v)
	}
}

// checkStatus checks that the status has the order of the spec, and agrees with the record.
func checkStatus(t *rapid.T, in input, p Plan) { //nolint:gocognit // All that has to be true of a status.
	t.Helper()

	for i, s := range in.spec.Secrets {
		before, after := p.Before.Secrets[i], p.After.Secrets[i]
		if before.Name != s.Name || after.Name != s.Name {
			t.Fatalf("Secret %d is %s, and the status says %s and %s", i, s.Name, before.Name, after.Name)
		}

		if diff := cmp.Diff(statusOf(s.Name, p.Record.intact(p.Data)), versionAndKeys(after)); diff != "" {
			t.Fatalf("After does not say of %s what the record does: -record, +status:\n%s", s.Name, diff)
		}

		if diff := cmp.Diff(statusOf(s.Name, in.current.Record.intact(in.current.Data)), versionAndKeys(before)); diff != "" {
			t.Fatalf("Before does not say of %s what the Secret has: -record, +status:\n%s", s.Name, diff)
		}

		for _, o := range []v1alpha1.ObservedSecret{before, after} {
			if o.State == v1alpha1.StateSynced && o.Version == "" {
				t.Fatalf("%s is said to be synced, and the Secret has no version of it", s.Name)
			}
		}

		for _, k := range after.Keys {
			if _, ok := p.Data[k.DataKey]; !ok {
				t.Fatalf("The status has key %s of %s, which the Secret has not", k.Key, s.Name)
			}
		}
	}

	for name := range p.Record {
		if !slices.ContainsFunc(in.spec.Secrets, func(s v1alpha1.SyncedSecret) bool { return s.Name == name }) {
			t.Fatalf("The record has %s, which is not listed", name)
		}
	}

	if !p.Changed {
		if diff := cmp.Diff(p.Before.Target, p.After.Target); diff != "" {
			t.Fatalf("Nothing changes: -Before, +After:\n%s", diff)
		}
	}
}

func versionAndKeys(s v1alpha1.ObservedSecret) []string {
	out := []string{s.Version}
	for _, k := range s.Keys {
		out = append(out, k.Key+" "+k.DataKey)
	}

	return out
}

func statusOf(name string, r Record) []string {
	return versionAndKeys(r[name].observe(name))
}

// checkForeign checks that data of other owners does not affect a plan.
func checkForeign(t *rapid.T, in input, p Plan) {
	t.Helper()

	for _, key := range in.foreign {
		if _, ok := p.Data[key]; ok {
			t.Fatalf("Foreign data %s is in the plan", key)
		}
	}

	without := in
	without.current.Data = maps.Clone(in.current.Data)

	for _, key := range in.foreign {
		delete(without.current.Data, key)
	}

	if diff := cmp.Diff(without.make(), p); diff != "" {
		t.Fatalf("Foreign data affects the plan: -without, +with:\n%s", diff)
	}
}

// checkOptionalCounts checks that SecretsSynced counts synced secrets, and that NotReady names the
// others unless they were synced before or are optional.
func checkOptionalCounts(t *rapid.T, in input, p Plan) {
	t.Helper()

	n, waiting := 0, []string(nil)

	for i, s := range p.After.Secrets {
		if s.State == v1alpha1.StateSynced {
			n++
		}

		if s.Version == "" && !in.spec.Secrets[i].Optional {
			waiting = append(waiting, s.Name)
		}
	}

	if want := fmt.Sprintf("%d/%d", n, len(in.spec.Secrets)); p.After.SecretsSynced != want {
		t.Fatalf("SecretsSynced is %s, want %s", p.After.SecretsSynced, want)
	}

	var got []string
	for _, s := range NotReady(p.After.KeyVaultSecretSyncObservation, in.spec) {
		got = append(got, s.Name)
	}

	if diff := cmp.Diff(waiting, got); diff != "" {
		t.Fatalf("NotReady(...): -want, +got:\n%s", diff)
	}
}

// checkSecrecy checks that values occur only in the data.
func checkSecrecy(t *rapid.T, p Plan) {
	t.Helper()

	record, err := p.Record.Encode()
	if err != nil {
		t.Fatal(err)
	}

	for what, v := range map[string]any{"Before": p.Before, "After": p.After, "Problem": p.Problem, "Record": record} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}

		if strings.Contains(string(text), marker) {
			t.Fatalf("%s holds a value: %s", what, text)
		}
	}
}

// checkAgain checks that an applied plan needs no second apply.
func checkAgain(t *rapid.T, in input, p Plan) {
	t.Helper()

	next := input{spec: in.spec, previous: p.After.KeyVaultSecretSyncObservation, current: applied(in, p), findings: synced(p.Record.intact(p.Data))}
	for name, f := range in.findings {
		if _, ok := next.findings[name]; !ok {
			next.findings[name] = f
		}
	}

	again := Make(next.spec, next.previous, next.current, next.findings, noon().Add(time.Hour))

	if again.Changed {
		t.Fatalf("An applied plan needs another apply:\n%s", cmp.Diff(next.current, Current{Data: again.Data, Record: again.Record}))
	}

	if diff := cmp.Diff(p.After.Target, again.After.Target); diff != "" {
		t.Fatalf("The revision changes though nothing else does: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(p.After.LastChangeTime, again.After.LastChangeTime); diff != "" {
		t.Fatalf("The time of the last change changes though nothing else does: -want, +got:\n%s", diff)
	}
}

// The revision depends only on names, versions and formats, not on values or times.
func TestRevisionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		p := in.make()

		parts := []string{}
		for _, s := range in.spec.Secrets {
			if c, ok := p.Record[s.Name]; ok {
				parts = append(parts, s.Name+" "+c.Version+" "+c.Format)
			}
		}

		record := Record{}
		for _, part := range parts {
			f := strings.Split(part, " ")
			record[f[0]] = Content{Version: f[1], Format: f[2]}
		}

		spec := specOf()
		for _, s := range in.spec.Secrets {
			spec.Secrets = append(spec.Secrets, v1alpha1.SyncedSecret{Name: s.Name})
		}

		slices.Reverse(spec.Secrets)

		if diff := cmp.Diff(target(in.spec.Target.Name, record, spec), p.After.Target); diff != "" {
			t.Fatalf("The revision depends on more than names, versions and formats: -want, +got:\n%s", diff)
		}
	})
}

// names are names of secrets. Some are prefixes of others.
func secretNames() []string { return []string{"db", "db-2", "api", "Web", "common-x"} }

// required maps secrets to a required key.
const required = "REQUIRED"

func keyNames() []string { return []string{"A", "B", "tls.crt", "c/d", "é"} }

// values returns another value at each call.
type values int

func (v *values) next() string {
	*v++
	return fmt.Sprintf("%s-%d", marker, *v)
}

func anyInput(t *rapid.T) input {
	in := input{
		spec: specOf(), current: Current{Data: map[string][]byte{}, Record: Record{}},
		findings: map[string]Observed{}, good: map[string]bool{}, whole: map[string]bool{},
	}
	v := new(values)

	for _, name := range rapid.Permutation(secretNames()).Draw(t, "order") {
		anyCurrent(t, &in, name, v)

		if !rapid.Bool().Draw(t, name+" listed") {
			continue
		}

		s := v1alpha1.SyncedSecret{
			Name:     name,
			Format:   rapid.SampledFrom([]string{"", "Auto", "JSON"}).Draw(t, name+" format"),
			Keys:     rapid.SliceOfNDistinct(rapid.SampledFrom(keyNames()), 0, 3, rapid.ID).Draw(t, name+" keys"),
			Optional: rapid.Bool().Draw(t, name+" optional"),
		}
		if rapid.Bool().Draw(t, name+" requires") {
			s.RequiredKeys = []string{required}
		}

		in.spec.Secrets = append(in.spec.Secrets, s)
		in.findings[name] = anyFinding(t, &in, s, v)
	}

	referred := append(slices.Sorted(maps.Keys(in.current.Data)), "db.NEVER", "other.A")
	in.spec.Target.InUse = rapid.SliceOf(rapid.SampledFrom(referred)).Draw(t, "in use")

	for _, key := range []string{"foreign", "other.A", "other"} {
		if rapid.Bool().Draw(t, key) {
			in.current.Data[key] = []byte(v.next())
			in.foreign = append(in.foreign, key)
		}
	}

	return in
}

// anyCurrent draws the current content of one secret: none, complete, with a missing key, or
// without its record.
func anyCurrent(t *rapid.T, in *input, name string, v *values) {
	kind := rapid.SampledFrom([]string{"none", "whole", "incomplete", "data lost", "record lost"}).Draw(t, name+" current")
	if kind == "none" {
		return
	}

	c := Content{
		Version: rapid.SampledFrom([]string{v1, v2}).Draw(t, name+" version"),
		Synced:  noon().Add(-time.Hour).Unix(), Updated: noon().Add(-2 * time.Hour).Unix(),
		Keys: rapid.SliceOfNDistinct(rapid.SampledFrom(keyNames()), 1, 4, rapid.ID).Draw(t, name+" has"),
	}
	slices.Sort(c.Keys)

	for i, key := range c.Keys {
		if kind == "data lost" || kind == "incomplete" && i == 0 {
			continue
		}

		value := v.next()
		if rapid.IntRange(0, 9).Draw(t, "empty") == 0 {
			value = ""
		}

		in.current.Data[payload.DataKey(name, key)] = []byte(value)
	}

	if rapid.Bool().Draw(t, name+" retired") {
		c.Retired = []string{name + ".OLD"}
		in.current.Data[name+".OLD"] = []byte(v.next())
	}

	if kind != "record lost" {
		in.current.Record[name] = c
	}

	in.whole[name] = kind == "whole"
}

func anyFinding(t *rapid.T, in *input, s v1alpha1.SyncedSecret, v *values) Observed {
	kinds := []string{"good", "lacking", "invalid", "awaiting", "failed", "nothing"}
	if in.whole[s.Name] {
		kinds = append(kinds, "synced")
	}

	read := secret(rapid.SampledFrom([]string{v1, v2}).Draw(t, "version"), "")

	if slices.ContainsFunc(s.Keys, func(key string) bool { return payload.DataKey("", key) != "."+key }) {
		read.ContentType = "application/json" // A guessed format would reject such keys.
	}

	switch rapid.SampledFrom(kinds).Draw(t, s.Name+" finding") {
	case "good":
		in.good[s.Name] = true
		members := map[string]any{"EXTRA": v.next(), "NULL": nil, "EMPTY": "", "NESTED": []string{v.next()}}

		for _, key := range slices.Concat(s.Keys, s.RequiredKeys) {
			members[key] = v.next()
		}

		read.Value = encode(members)

		return found(read)
	case "lacking":
		members := map[string]any{"EXTRA": v.next()}
		for _, key := range s.Keys {
			members[key] = v.next()
		}

		read.Value = encode(members)
		in.good[s.Name] = len(s.RequiredKeys) == 0

		return found(read)
	case "invalid":
		read.Value = rapid.SampledFrom([]string{
			`{"A":"` + v.next(), `{"` + v.next() + `"`, `{"A":` + v.next() + `}`, `{"A":"x","A":"` + v.next() + `"}`,
			`{"a/b":"` + v.next() + `","a:b":"` + v.next() + `"}`, `{"A":"` + v.next() + `"} ` + v.next(), `{"":"` + v.next() + `"}`,
		}).Draw(t, "value")

		return found(read)
	case "awaiting":
		members := map[string]any{"NULL": nil}
		for i, key := range s.Keys {
			if i > 0 {
				members[key] = v.next()
			}
		}

		read.Value = encode(members)

		return found(read)
	case "failed":
		return failed(rapid.SampledFrom([]v1alpha1.State{
			v1alpha1.StateMissing, v1alpha1.StateSoftDeleted, v1alpha1.StateDisabled, v1alpha1.StateForbidden,
			v1alpha1.StateAwaitingAccess, v1alpha1.StateThrottled, v1alpha1.StateUnreachable, v1alpha1.StateInvalid,
		}).Draw(t, "state"), "It failed.")
	case "synced":
		return state(v1alpha1.StateSynced)
	default:
		return Observed{}
	}
}

func encode(members map[string]any) string {
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}

	return string(text)
}

// The order of a list does not change the Secret.
func TestMakeOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		want := in.make()

		in.spec.Secrets = rapid.Permutation(in.spec.Secrets).Draw(t, "other order")
		got := in.make()

		ignore := cmpopts.SortSlices(func(a, b v1alpha1.ObservedSecret) bool { return a.Name < b.Name })
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Fatalf("The order of the list matters: -one, +other:\n%s", diff)
		}
	})
}
