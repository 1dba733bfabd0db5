// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	// PrefixSecretSyncShared is followed by the entry of the shared secrets.
	PrefixSecretSyncShared = "secret-sync-shared-"
	// PrefixRoleAssignmentShared is followed by the entry, a hyphen, and the secret's name in
	// lower case.
	PrefixRoleAssignmentShared = "role-assignment-shared-"
	// LabelSharedSecrets is set on the role assignments of shared secrets. Its value is the
	// entry.
	LabelSharedSecrets = "meta.p6m.dev/shared-secrets"
)

// stateRevoked is the state of a shared secret that the platform has revoked.
const stateRevoked = "Revoked"

// A share is what the application has of one entry of the shared secrets.
type share struct {
	name string
	// entry of the settings. It is empty if the settings do not have it any more.
	entry inputv1alpha1.SharedSecrets
	// frozen: the application keeps what it has, and gets nothing new. The entry was
	// removed, or now names another vault.
	frozen  bool
	revoked bool
	seen    Object // the sync
	target  string
	// secrets that the application lists.
	secrets []v1alpha1.Secret
	// retiring secrets are not listed any more. Pods that are being replaced still need them.
	retiring []secretsv1alpha1.SyncedSecret
	// problems of secrets that are not synced, by name.
	problems map[string]finding.Finding
	// slots of the role assignments that are composed now, by the name of the secret.
	slots map[string]string
}

// shares returns what the application has of the shared secrets, sorted by entry.
func (c *composition) shares() []*share {
	byName := map[string]*share{}
	for _, name := range c.observedShares() {
		byName[name] = c.share(name)
	}
	for _, secret := range c.app.Spec.Secrets {
		name := c.sharedBy(secret)
		if name == "" {
			continue
		}
		if byName[name] == nil {
			byName[name] = c.share(name)
		}
		byName[name].secrets = append(byName[name].secrets, secret)
	}

	list := make([]*share, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		sh := byName[name]
		sh.problems, sh.slots = c.allot(sh)
		if !sh.revoked {
			sh.retiring = c.retiringSecrets(sh.seen, sh.target, sh.secrets)
		}
		list = append(list, sh)
	}

	return list
}

// observedShares returns the entries whose secrets the application has.
func (c *composition) observedShares() (names []string) {
	for _, resource := range slices.Sorted(maps.Keys(c.seen)) {
		if name, ok := strings.CutPrefix(resource, PrefixSecretSyncShared); ok {
			names = append(names, name)
		}
	}

	return names
}

// share returns what the application has of an entry, without its secrets.
func (c *composition) share(name string) *share {
	entry, ok := settings.SharedEntry(&c.platform, name)
	seen := c.seen[PrefixSecretSyncShared+name]
	uri := seen.str("spec", "forProvider", "vaultUri")

	return &share{
		name: name, entry: entry, seen: seen,
		frozen:  !ok || uri != "" && !sameURI(uri, entry.VaultURI),
		revoked: settings.IsRevoked(entry, c.app.Namespace, c.app.Name),
		// A point cannot be in the name of an application, so no other application has this name.
		target: cmp.Or(seen.str("spec", "forProvider", "target", "name"), c.app.Name+targetSuffix+".shared."+name),
	}
}

func sameURI(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}

// sharedBy returns the entry that a secret belongs to, or "" if it is the application's own.
// A secret that the application already has from a shared vault stays there, whatever the
// settings say, until the platform revokes it.
func (c *composition) sharedBy(secret v1alpha1.Secret) string {
	if secret.Source == v1alpha1.SourceOwn {
		return ""
	}
	for _, name := range c.observedShares() {
		entry, _ := settings.SharedEntry(&c.platform, name)
		if !settings.IsRevoked(entry, c.app.Namespace, c.app.Name) && lists(c.seen[PrefixSecretSyncShared+name], secret.Name) {
			return name
		}
	}
	entry, revoked, ok := settings.Shared(&c.platform, c.app.Namespace, c.app.Name, secret.Name)
	if !ok || revoked && lists(c.seen[NameSecretSync], secret.Name) {
		return ""
	}

	return entry.Name
}

// lists reports whether a sync lists a secret. Key Vault ignores case.
func lists(sync Object, secret string) bool {
	for s := range sync.objects("spec", "forProvider", "secrets") {
		if strings.EqualFold(s.str("name"), secret) {
			return true
		}
	}

	return false
}

// allot returns the listed secrets that the application does not get, and the slots of its new
// role assignments.
func (c *composition) allot(sh *share) (problems map[string]finding.Finding, slots map[string]string) {
	problems, slots = map[string]finding.Finding{}, map[string]string{}
	free := c.freeSlots(sh)
	for _, s := range sh.secrets {
		_, assigned := c.seen[sharedRole(sh.name, s.Name)]
		entry := finding.With{"entry": sh.name}
		switch {
		case sh.revoked:
			problems[s.Name] = finding.New(finding.SharedRevoked, entry)
		case assigned || sh.frozen && lists(sh.seen, s.Name):
		case sh.frozen:
			problems[s.Name] = finding.New(finding.SharedVaultChanged, entry)
		case sh.entry.Access == inputv1alpha1.AccessGranted:
		case c.app.LeftAssignments[sharedRole(sh.name, s.Name)] != "":
			slots[s.Name] = c.app.LeftAssignments[sharedRole(sh.name, s.Name)]
		case len(free) == 0:
			problems[s.Name] = finding.New(finding.SharedLimitReached, entry, finding.With{"most": sh.entry.MaxRoleAssignmentsPerNamespace, "namespace": c.app.Namespace})
		default:
			// Applications that are created together start at different slots.
			i := spread(len(free), c.app.Name, s.Name)
			slots[s.Name] = free[i]
			free = slices.Delete(free, i, i+1)
		}
	}

	return problems, slots
}

// freeSlots returns the names that new role assignments of an entry can have in the namespace.
// There are as many names as the limit allows assignments, and the API server gives each of them
// to one application only. A count alone does not hold the limit: applications that are created
// together do not see each other's assignments yet.
//
// Assignments without a slot, which are older, and those above a limit that was lowered, take
// away the highest slots.
func (c *composition) freeSlots(sh *share) (free []string) {
	taken := map[string]bool{}
	for _, name := range c.app.SharedAssignments[sh.name] {
		taken[name] = true
	}
	for name, seen := range c.seen {
		if strings.HasPrefix(name, PrefixRoleAssignmentShared+sh.name+"-") {
			taken[seen.str("metadata", "name")] = true
		}
	}
	room := int(sh.entry.MaxRoleAssignmentsPerNamespace) - len(taken)
	for n := 1; len(free) < room; n++ {
		// A point cannot be in the name of an application, so no other assignment has this name.
		if name := fmt.Sprintf("shared.%s.%d", sh.name, n); !taken[name] {
			free = append(free, name)
		}
	}

	return free
}

// spread returns an index below n that depends on the words.
func spread(n int, words ...string) int {
	h := fnv.New32a()
	fmt.Fprint(h, strings.Join(words, "/"))

	return int(h.Sum32()>>1) % n
}

// SharedToCount returns the entries of the shared secrets of which the application needs new
// role assignments. Those of other applications in the namespace must be counted first. An
// application that has its assignments needs no count.
func SharedToCount(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed) (entries []string) {
	c := newComposition(a, p, seen)
	for _, sh := range c.shares() {
		if sh.frozen || sh.revoked || sh.entry.Access == inputv1alpha1.AccessGranted {
			continue
		}
		if slices.ContainsFunc(sh.secrets, func(s v1alpha1.Secret) bool { _, ok := seen[sharedRole(sh.name, s.Name)]; return !ok }) {
			entries = append(entries, sh.name)
		}
	}

	return entries
}

func sharedRole(entry, secret string) string {
	return PrefixRoleAssignmentShared + entry + "-" + strings.ToLower(secret)
}

// sharedRoleAssignments composes the roles of the application on shared secrets, one for each
// secret. Pods that are being replaced keep theirs.
func (c *composition) sharedRoleAssignments(a *access, i identity, shares []*share) {
	for _, sh := range shares {
		if sh.revoked {
			continue
		}
		for _, s := range sh.retiring {
			if name := sharedRole(sh.name, s.Name); c.seen[name] != nil {
				c.keepAssignment(name, a.readOnly)
			}
		}
		for _, s := range sh.secrets {
			c.sharedRoleAssignment(a, i, sh, s.Name)
		}
	}
}

func (c *composition) sharedRoleAssignment(a *access, i identity, sh *share, secret string) {
	name := sharedRole(sh.name, secret)
	seen, exists := c.seen[name]
	_, refused := sh.problems[secret]
	if !exists && (refused || sh.frozen || sh.entry.Access == inputv1alpha1.AccessGranted) {
		return
	}
	c.assign(a, grant{
		resource: name, name: cmp.Or(seen.str("metadata", "name"), sh.slots[secret]), shared: sh.name,
		principalID: i.principalID, principalType: principalServicePrincipal, role: secretsUser(),
		scope: cmp.Or(seen.str("spec", "forProvider", "scope"), sh.entry.VaultResourceID+"/secrets/"+secret),
	})
}

// takenAway is what an application loses while all else is kept.
type takenAway struct {
	resources map[string]bool
	// kept lists the roles that another cluster may need.
	kept     []string
	findings []finding.Finding
}

// takeAway takes the shared secrets of revoked entries from an application whose other resources are
// kept: the platform may remove a team from its landing zone and revoke its secrets in one change.
// A role that another cluster may need is kept, also by a sole owner: the settings that say so are
// not known.
func (c *composition) takeAway(revoked []string) takenAway {
	t := takenAway{resources: map[string]bool{}}
	c.app.Status.Secrets = slices.Clone(c.app.Status.Secrets)
	for _, entry := range revoked {
		has := false
		for name, seen := range c.seen {
			isRole := strings.HasPrefix(name, PrefixRoleAssignmentShared+entry+"-")
			switch {
			case isRole && c.sharesAccess(seen):
				t.kept = append(t.kept, name)
			case isRole, name == PrefixSecretSyncShared+entry:
				t.resources[name], has = true, true
			}
		}
		for i := range c.app.Status.Secrets {
			if s := &c.app.Status.Secrets[i]; s.Source == entry {
				*s = v1alpha1.SecretStatus{Name: s.Name, Source: entry, State: stateRevoked, Message: finding.Say(finding.SharedRevoked, finding.With{"entry": entry})}
				has = true
			}
		}
		if has {
			t.findings = append(t.findings, finding.New(finding.SharedTakenAway, finding.With{"entry": entry}))
		}
	}
	slices.Sort(t.kept)

	return t
}

// switches reports whether the application still has a secret of its own that it takes from
// the shared vault as soon as that one is synced.
func (c *composition) switches(sh *share, secret string) bool {
	return lists(c.seen[NameSecretSync], secret) && observedSecrets(sh.seen)[secret].str("version") == "" &&
		!refersTo(c.seen[NameDeployment], sh.target, secret)
}

// sharedSync keeps a Secret in sync with the shared vault, and returns its state.
func (c *composition) sharedSync(i identity, sh *share) *syncing {
	resource := PrefixSecretSyncShared + sh.name
	out := observeSync(sh.seen, sh.target)
	out.composed = true
	var synced []secretsv1alpha1.SyncedSecret
	for _, s := range sh.secrets {
		_, problem := sh.problems[s.Name]
		// Another application can be faster and get the slot.
		awaitsRole := sh.slots[s.Name] != ""
		if (problem || awaitsRole) && !lists(sh.seen, s.Name) {
			out.composed = out.composed && !awaitsRole
			continue
		}
		secret := c.syncedSecret(s)
		secret.Create = new(false)
		synced = append(synced, secret)
	}
	synced = append(synced, sh.retiring...)
	switch {
	case sh.revoked || len(synced) == 0:
	case i.clientID == "":
		out.composed = c.keep(resource)
	default:
		uri := cmp.Or(sh.seen.str("spec", "forProvider", "vaultUri"), sh.entry.VaultURI)
		object := c.keyVaultSecretSync(uri, i, out.target, synced)
		object.Name = c.app.Name + ".shared." + sh.name
		object.Spec.ForProvider.Target.InUse = c.inUse(sh.seen, out.target)
		object.Spec.ForProvider.PollInterval = duration(cmp.Or(sh.entry.PollInterval, c.platform.Secrets.PollInterval))
		object.Spec.ForProvider.ListWith = sh.entry.ListWith
		if sh.frozen {
			object.Spec.ForProvider.PollInterval = duration(sh.seen.str("spec", "forProvider", "pollInterval"))
			object.Spec.ForProvider.ListWith = sh.seen.str("spec", "forProvider", "listWith")
		}
		c.want(resource, object)
	}

	return out
}
