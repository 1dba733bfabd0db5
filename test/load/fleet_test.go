// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/provider"
)

// perNamespace is the number of applications of a team.
const perNamespace = 20

// mark is part of every value, so that a leak is found.
const mark = "hunter2"

// A fleet is many applications whose values are rotated. It sees when a value arrives in a Secret.
type fleet struct {
	*provider.Load

	world *provider.World
	// namespaces is their number. Applications take turns in them.
	namespaces int

	mu sync.Mutex
	// values are the latest in the vaults: by Secret, and by data key.
	values map[string]map[string]string
	// rotated are the data keys whose latest value has not arrived, and since when.
	rotated map[string]map[string]time.Time
	took    []time.Duration
	serial  int
}

// newFleet makes applications and applies their syncs. The provider is not started.
func newFleet(t *testing.T, n int) *fleet {
	t.Helper()

	w := provider.NewWorldFor(t)
	namespaces := make([]string, (n+perNamespace-1)/perNamespace)

	for i := range namespaces {
		namespaces[i] = w.API.Namespace(t)
	}

	f := &fleet{
		Load: w.Load(t, n, namespaces...), world: w, namespaces: len(namespaces),
		values: map[string]map[string]string{}, rotated: map[string]map[string]time.Time{},
	}
	f.Apply(t)
	f.watch(t)

	return f
}

func idOf(a *provider.App) string { return a.Namespace + "/" + a.Target() }

// watch all Secrets until the test ends.
func (f *fleet) watch(t *testing.T) {
	t.Helper()

	kube, err := kubernetes.NewForConfig(f.world.API.Config())
	check.Must(t, err)

	factory := informers.NewSharedInformerFactoryWithOptions(kube, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.LabelSelector = "secrets.p6m.dev/managed-by=provider-keyvault-secretsync"
	}))

	_, err = factory.Core().V1().Secrets().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { f.see(o) },
		UpdateFunc: func(_, o any) { f.see(o) },
	})
	check.Must(t, err)

	stop := make(chan struct{})

	t.Cleanup(func() {
		close(stop)
		factory.Shutdown()
	})
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
}

// see which values have arrived in a Secret.
func (f *fleet) see(o any) {
	s, ok := o.(*corev1.Secret)
	if !ok {
		return
	}

	now := time.Now()
	id := s.Namespace + "/" + s.Name

	f.mu.Lock()
	defer f.mu.Unlock()

	for key, since := range f.rotated[id] {
		if string(s.Data[key]) == f.values[id][key] {
			f.took = append(f.took, now.Sub(since))
			delete(f.rotated[id], key)
		}
	}
}

// rotate a secret of an application: all of its keys get new values.
func (f *fleet) rotate(t *testing.T, a *provider.App, secret string) {
	t.Helper()

	keys := provider.Structures()[secret]
	value, id := map[string]string{}, idOf(a)

	f.mu.Lock()

	for _, key := range keys {
		f.serial++
		value[key] = fmt.Sprintf("%s-%d", mark, f.serial)
	}

	if f.values[id] == nil {
		f.values[id], f.rotated[id] = map[string]string{}, map[string]time.Time{}
	}

	for key, v := range value {
		f.values[id][secret+"."+key] = v
	}

	// The keys of a secret arrive together.
	f.rotated[id][secret+"."+keys[0]] = time.Now()
	f.mu.Unlock()

	content, err := json.Marshal(value)
	check.Must(t, err)

	_, err = f.world.Azure.PutSecret(a.Vault, secret, azure.Secret{Value: string(content), ContentType: "application/json"})
	check.Must(t, err)
}

// missing returns how many rotated values have not arrived.
func (f *fleet) missing() int {
	f.mu.Lock()
	defer f.mu.Unlock()

	n := 0
	for _, keys := range f.rotated {
		n += len(keys)
	}

	return n
}

// A rotation is a secret of an application.
type rotation struct {
	app    *provider.App
	secret string
}

// shuffled returns all secrets of these applications in random order.
func shuffled(random *rand.Rand, apps []*provider.App) []rotation {
	names := slices.Sorted(maps.Keys(provider.Structures()))
	all := make([]rotation, 0, len(apps)*len(names))

	for _, a := range apps {
		for _, name := range names {
			all = append(all, rotation{app: a, secret: name})
		}
	}

	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })

	return all
}
