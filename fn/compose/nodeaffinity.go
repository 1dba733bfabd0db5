// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

const pathSelectors = "spec.workloadSelectors"

// Bounds of workloadSelectors.
const (
	maxSelectors      = 20
	maxSelectorValues = 50
)

// nodes returns the requirements for nodes that run the pods. It skips and reports invalid
// entries, so that the API server accepts the Deployment.
func (c *composition) nodes() (nodes []*corev1ac.NodeSelectorRequirementApplyConfiguration, ignored []IgnoredField) {
	field := parse(c.app.Spec.WorkloadSelectors)
	selectors, ok := field.(map[string]any)
	if !ok && field != nil {
		return nil, []IgnoredField{{Path: pathSelectors, Why: finding.New(finding.SelectorsInvalid)}}
	}
	for i, name := range slices.Sorted(maps.Keys(selectors)) {
		if i == maxSelectors {
			ignored = append(ignored, IgnoredField{Path: Entry(pathSelectors, name), Why: finding.New(finding.SelectorsTooMany, finding.With{"most": maxSelectors})})
			break
		}
		label, values, why := nodeSelector(name, selectors[name])
		if !why.IsZero() {
			ignored = append(ignored, IgnoredField{Path: Entry(pathSelectors, name), Why: why})
			continue
		}
		nodes = append(nodes, corev1ac.NodeSelectorRequirement().WithKey(label).WithOperator(corev1.NodeSelectorOpIn).WithValues(values...))
	}

	return nodes, ignored
}

// nodeSelector returns the node label of an entry and its values, or why it is invalid.
func nodeSelector(name string, value any) (label string, values []string, why finding.Finding) {
	label = nodeLabel(name)
	list, ok := value.(string)
	switch {
	case len(validation.IsQualifiedName(label)) > 0:
		return "", nil, finding.New(finding.SelectorNotLabel)
	case choosesByRole(label):
		return "", nil, finding.New(finding.SelectorChoosesByRole)
	case !ok:
		return "", nil, finding.New(finding.SelectorNotString)
	}
	for v := range strings.SplitSeq(list, ",") {
		v = strings.TrimSpace(v)
		switch {
		case v == "" || slices.Contains(values, v):
			continue
		case len(validation.IsValidLabelValue(v)) > 0:
			return "", nil, finding.New(finding.SelectorValueInvalid)
		case len(values) == maxSelectorValues:
			return "", nil, finding.New(finding.SelectorValuesTooMany, finding.With{"most": maxSelectorValues})
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return "", nil, finding.New(finding.SelectorEmpty)
	}

	return label, values, why
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

// choosesByRole reports whether a label selects a single node or the control plane. The
// admission policy for pods has the same list.
func choosesByRole(label string) bool {
	return strings.HasPrefix(label, "node-role.kubernetes.io/") ||
		slices.Contains([]string{corev1.LabelHostname, "kubernetes.io/role", "kubernetes.azure.com/mode"}, label)
}
