// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
)

// maxRecord is the share of the record in the 256 KiB that Kubernetes allows for all annotations
// of an object.
const maxRecord = 200 << 10

// Limits of a Secret, so that Kubernetes accepts it and everything that contains its keys: the
// status of the sync, the list of keys in use, and the Deployment.
const (
	// maxObject is the limit of etcd, 1.5 MiB, minus the rest of an object.
	maxObject = 3<<19 - 64<<10
	// maxKeys is the most that a manifest can request: 100 secrets with 50 keys.
	maxKeys = 5_000
	// maxWeight of all keys, see weight.
	maxWeight = 11 << 17
)

// weight of a key in bytes. A Deployment contains its variable twice, once of them in
// managedFields, with the names of the Secret and the data key, and room for a prefix. The
// Secret contains the data key twice, and so do status and spec of the sync together.
func weight(target, dataKey string) int {
	_, key, found := strings.Cut(dataKey, ".")
	if !found {
		key = dataKey // The variable has the name of the secret.
	}

	return 2*len(key) + 2*len(dataKey) + len(target) + 132
}

// tooLarge returns a problem if Kubernetes would reject the Secret, or an object that contains
// its keys.
func tooLarge(p Plan, target string) *Problem {
	if !p.Changed {
		return nil
	}

	values, names, weights := 0, 0, 0
	valuesOf, weightOf := map[string]int{}, map[string]int{}

	for key, value := range p.Data {
		w := weight(target, key)
		values, names, weights = values+len(value), names+2*len(key)+24, weights+w
		valuesOf[secretOf(key)] += len(value)
		weightOf[secretOf(key)] += w
	}

	record, err := p.Record.Encode()

	switch {
	case values > corev1.MaxSecretSize:
		return &Problem{State: v1alpha1.StateTargetTooLarge, Finding: finding.Finding{
			Reason: finding.SecretTooLarge, Count: values, Limit: corev1.MaxSecretSize, Names: largest(valuesOf),
		}}
	case err != nil || len(p.Data) > maxKeys || weights > maxWeight || len(record) > maxRecord || values+names+len(record) > maxObject:
		return &Problem{State: v1alpha1.StateTargetTooLarge, Finding: finding.Finding{
			Reason: finding.SecretTooManyKeys, Count: len(p.Data), Names: largest(weightOf),
		}}
	}

	return nil
}

// largest returns the names by size, the largest first.
func largest(sizes map[string]int) []string {
	return slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) })
}
