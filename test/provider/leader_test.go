// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"testing"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
)

// TestLeaderElection shows that one of two providers works, and that the other takes over when it
// ends.
func TestLeaderElection(t *testing.T) {
	elect := []string{"--leader-election", "--leader-election-namespace=" + apiserver.ProviderNamespace}
	app := world.App(t, world.API.Namespace(t), "web")
	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	synced := map[string]v1alpha1.State{"db": v1alpha1.StateSynced}

	first := world.Start(t, elect...)

	app.Put(t, "db", `{"KEY":"first"}`)
	world.Apply(t, sync)
	world.AwaitStates(t, sync, synced)

	second := world.Start(t, elect...)

	app.Put(t, "db", `{"KEY":"second"}`)
	app.AwaitData(t, map[string]string{"db.KEY": "second"})

	watched, err := second.Metric(t.Context(), "keyvault_secretsync_watched_vaults")
	must(t, err)

	if watched != 0 {
		t.Errorf("want the second provider to watch no vault while there is a leader, got %v", watched)
	}

	must(t, first.Stop())

	app.Put(t, "db", `{"KEY":"third"}`)
	app.AwaitData(t, map[string]string{"db.KEY": "third"})
}
