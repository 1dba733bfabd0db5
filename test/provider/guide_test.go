package provider

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

var world *World

func TestMain(m *testing.M) {
	var failed error

	code := apiserver.Run(m, func(s *apiserver.Server) {
		world, failed = New(context.Background(), s, azure.Options{})
		if failed != nil {
			fmt.Fprintln(os.Stderr, failed)
			os.Exit(1)
		}
	})
	if err := world.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}

	os.Exit(code)
}

func TestFirstValue(t *testing.T) {
	world.Start(t, "--debug")
	app := world.App(t, world.API.Namespace(t), "web")
	version := app.Put(t, "postgres-credentials", `{"POSTGRES_USER":"u","POSTGRES_PASSWORD":"p"}`)
	sync := app.Sync(v1alpha1.SyncedSecret{Name: "postgres-credentials"})
	world.Apply(t, sync)
	got := world.AwaitStates(t, sync, map[string]v1alpha1.State{"postgres-credentials": v1alpha1.StateSynced})
	app.AwaitData(t, map[string]string{"postgres-credentials.POSTGRES_USER": "u", "postgres-credentials.POSTGRES_PASSWORD": "p"})
	if diff := cmp.Diff(version, got.Status.AtProvider.Secrets[0].Version); diff != "" {
		t.Errorf("version: -want, +got:\n%s", diff)
	}
	app.Put(t, "postgres-credentials", `{"POSTGRES_USER":"u","POSTGRES_PASSWORD":"p2"}`)
	app.AwaitData(t, map[string]string{"postgres-credentials.POSTGRES_USER": "u", "postgres-credentials.POSTGRES_PASSWORD": "p2"})
}
