// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

const pathSelectors = "spec.workloadSelectors"

// Bounds of workloadSelectors.
const (
	maxSelectors      = 20
	maxSelectorValues = 50
)

// nodes returns what a node must have to run the pods. An entry that cannot be used is
// skipped and reported, so that the API server accepts the Deployment.
func (c *composition) nodes() (nodes []*corev1ac.NodeSelectorRequirementApplyConfiguration, ignored []IgnoredField) {
	field := parse(c.app.Spec.WorkloadSelectors)
	selectors, ok := field.(map[string]any)
	if !ok && field != nil {
		return nil, []IgnoredField{{Path: pathSelectors, Why: "must be a map of node labels"}}
	}
	for i, name := range slices.Sorted(maps.Keys(selectors)) {
		if i == maxSelectors {
			ignored = append(ignored, IgnoredField{Path: Entry(pathSelectors, name), Why: fmt.Sprintf("only the first %d have an effect, and this and later ones do not", maxSelectors)})
			break
		}
		label, values, why := nodeSelector(name, selectors[name])
		if why != "" {
			ignored = append(ignored, IgnoredField{Path: Entry(pathSelectors, name), Why: why})
			continue
		}
		nodes = append(nodes, corev1ac.NodeSelectorRequirement().WithKey(label).WithOperator(corev1.NodeSelectorOpIn).WithValues(values...))
	}
	return nodes, ignored
}

// nodeSelector returns the node label that an entry is for, and its values; or why it
// cannot be used.
func nodeSelector(name string, value any) (label string, values []string, why string) {
	label = nodeLabel(name)
	list, ok := value.(string)
	switch {
	case len(validation.IsQualifiedName(label)) > 0:
		return "", nil, "not the name of a label"
	case choosesByRole(label):
		return "", nil, "applications do not choose nodes by name or role"
	case !ok:
		return "", nil, "must be a string, with commas between values: put it in quotes"
	}
	for v := range strings.SplitSeq(list, ",") {
		v = strings.TrimSpace(v)
		switch {
		case v == "" || slices.Contains(values, v):
			continue
		case len(validation.IsValidLabelValue(v)) > 0:
			return "", nil, "a value must be at most 63 letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit"
		case len(values) == maxSelectorValues:
			return "", nil, fmt.Sprintf("must not have more than %d values", maxSelectorValues)
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return "", nil, "has no value"
	}
	return label, values, ""
}

// nodeLabel maps deprecated and alternative label names to the current ones.
func nodeLabel(name string) string {
	switch name {
	case "kubernetes.io/architectures", "kubernetes.io/architecture", "beta.kubernetes.io/arch":
		return corev1.LabelArchStable
	case "beta.kubernetes.io/os":
		return corev1.LabelOSStable
	}
	return name
}

// choosesByRole is true of labels that name one node, or those on which the cluster
// itself runs. The admission policy for pods has the same list.
func choosesByRole(label string) bool {
	return strings.HasPrefix(label, "node-role.kubernetes.io/") ||
		slices.Contains([]string{corev1.LabelHostname, "kubernetes.io/role", "kubernetes.azure.com/mode"}, label)
}
