// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package tools

import (
	"fmt"
	"slices"
	"strings"
)

// A Tool is a program that this repository runs but does not contain. The directory package/tools/<Name> is a module. Only its go.mod
// names the program, in a tool directive, and pins its version.
type Tool struct {
	// Name of the tool, of the wrapper module's directory and of the executable.
	Name string

	// Module provides the program. Its version in the wrapper's go.mod is the tool's version.
	Module string

	// VersionArgs make the tool print its version. Without them a program on PATH is not used, because its version is unknown.
	VersionArgs []string

	// Variables are set by the linker, each as importpath.name=value, for tools that do not know their module's version.
	// ${version}, ${major} and ${minor} are expanded.
	Variables []string

	// ColdBuild is how long a first build takes on two cores, in words.
	ColdBuild string
}

// All returns every tool, sorted by name.
func All() []Tool {
	return []Tool{
		{
			Name:        "actionlint",
			Module:      "github.com/rhysd/actionlint",
			VersionArgs: []string{"--version"},
			ColdBuild:   "10 s",
		},
		{
			// It cannot print its version, so only our own build is used.
			Name:      "angryjet",
			Module:    "github.com/crossplane/crossplane-tools",
			ColdBuild: "15 s",
		},
		{
			// The version of a release contains the commit, which the module does not have, so only our own build is used.
			// The program's name decides which component runs: see ARGOCD_BINARY_NAME.
			Name:      "argocd",
			Module:    "github.com/argoproj/argo-cd/v3",
			ColdBuild: "4 min",
		},
		{
			Name:        "controller-gen",
			Module:      "sigs.k8s.io/controller-tools",
			VersionArgs: []string{"--version"},
			ColdBuild:   "20 s",
		},
		{
			Name:        "crossplane",
			Module:      "github.com/crossplane/cli/v2",
			VersionArgs: []string{"version", "--client"},
			Variables:   []string{"github.com/crossplane/crossplane-runtime/v2/pkg/version.version=${version}"},
			ColdBuild:   "3 min",
		},
		{
			Name:        "cosign",
			Module:      "github.com/sigstore/cosign/v3",
			VersionArgs: []string{"version"},
			Variables:   []string{"sigs.k8s.io/release-utils/version.gitVersion=${version}"},
			ColdBuild:   "4 min",
		},
		oldCrossplane("crossplane-1.20", "github.com/crossplane/crossplane"),
		oldCrossplane("crossplane-2.0", "github.com/crossplane/crossplane/v2"),
		{
			// Its executable is also named crossplane, and older command line tools print the same with --version, so only our
			// own build is used.
			Name:      "crossplane-core",
			Module:    "github.com/crossplane/crossplane/v2",
			Variables: []string{"github.com/crossplane/crossplane-runtime/v2/pkg/version.version=${version}"},
			ColdBuild: "3 min",
		},
		{
			Name:        "etcd",
			Module:      "go.etcd.io/etcd/server/v3",
			VersionArgs: []string{"--version"},
			ColdBuild:   "30 s",
		},
		{
			Name:        "golangci-lint",
			Module:      "github.com/golangci/golangci-lint/v2",
			VersionArgs: []string{"version", "--short"},
			ColdBuild:   "90 s",
		},
		{
			Name:        "gotestsum",
			Module:      "gotest.tools/gotestsum",
			VersionArgs: []string{"--version"},
			ColdBuild:   "20 s",
		},
		{
			// To print its version, it connects to its database, so only our own build is used.
			Name:      "govulncheck",
			Module:    "golang.org/x/vuln",
			ColdBuild: "20 s",
		},
		{
			Name:        "helm",
			Module:      "helm.sh/helm/v4",
			VersionArgs: []string{"version", "--short"},
			Variables:   []string{"helm.sh/helm/v4/internal/version.version=${version}"},
			ColdBuild:   "2 min",
		},
		{
			// The Go implementation. It tests scripts for jq where jq is not installed.
			Name:        "jq",
			Module:      "github.com/itchyny/gojq",
			VersionArgs: []string{"--version"},
			ColdBuild:   "10 s",
		},
		kubernetes("kube-apiserver", "4 min"),
		kubernetes("kube-controller-manager", "2 min"),
		{
			Name:        "kustomize",
			Module:      "sigs.k8s.io/kustomize/kustomize/v5",
			VersionArgs: []string{"version"},
			ColdBuild:   "25 s",
		},
		{
			// Only its definitions are used. It is never built.
			Name:      "prometheus-operator",
			Module:    "github.com/prometheus-operator/prometheus-operator",
			ColdBuild: "2 min",
		},
		{
			Name:        "promtool",
			Module:      "github.com/prometheus/prometheus",
			VersionArgs: []string{"--version"},
			Variables:   []string{"github.com/prometheus/common/version.Version=${version}"},
			ColdBuild:   "4 min",
		},
		{
			// A program around a library, without a version, so only our own build is used.
			Name:      "redis",
			Module:    "github.com/alicebob/miniredis/v2",
			ColdBuild: "5 s",
		},
	}
}

// oldCrossplane returns the command line tool of an older Crossplane, whose module contains it. Users still render with it.
func oldCrossplane(name, module string) Tool {
	return Tool{
		Name:        name,
		Module:      module,
		VersionArgs: []string{"version", "--client"},
		Variables:   []string{module + "/internal/version.version=${version}"},
		ColdBuild:   "2 min",
	}
}

// kubernetes returns one of Kubernetes' own programs. Without these variables it reports a version that clients cannot parse.
func kubernetes(name, coldBuild string) Tool {
	return Tool{
		Name:        name,
		Module:      "k8s.io/kubernetes",
		VersionArgs: []string{"--version"},
		Variables: []string{
			"k8s.io/component-base/version.gitVersion=${version}",
			"k8s.io/component-base/version.gitMajor=${major}",
			"k8s.io/component-base/version.gitMinor=${minor}",
		},
		ColdBuild: coldBuild,
	}
}

// Names returns the name of every tool, sorted.
func Names() []string {
	all := All()
	names := make([]string, len(all))

	for i, t := range all {
		names[i] = t.Name
	}

	return names
}

// find returns the tool with a name.
func find(name string) (Tool, error) {
	all := All()

	i := slices.IndexFunc(all, func(t Tool) bool { return t.Name == name })
	if i < 0 {
		return Tool{}, fmt.Errorf("unknown tool %q: choose from %s", name, strings.Join(Names(), ", "))
	}

	return all[i], nil
}
