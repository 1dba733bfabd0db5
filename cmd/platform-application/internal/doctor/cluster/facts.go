// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"path"
	"strings"
)

// facts are what is decided on. What could not be read is nil, or false where it says that something is known.
type facts struct {
	// kubernetes is the version as the API server says it.
	kubernetes string

	crossplane, rbacManager *deployment

	// elsewhere are the namespaces of Crossplane, if it is not in its own.
	elsewhere []string

	packages     []pkg
	packagesRead bool

	// runtimes are the DeploymentRuntimeConfigs, by name.
	runtimes map[string]runtimeConfig

	// serviceAccount tells whether that of the Azure providers is there, and acceptance that of acceptance runs.
	serviceAccount, acceptance *bool

	definitions     []definition
	definitionsRead bool

	// kinds are the definitions of managed resources, and of ScaledObject.
	kinds map[string]kind

	// policies by name, with their bindings.
	policies map[string]policy

	// attempts at what policies must refuse, by policy.
	attempts map[string]attempt

	parameters *parameters

	// grants tell what accounts may do.
	grants map[grant]bool

	namespaces []namespace

	// applications are the namespaces that have some.
	applications []string

	// webhook tells whether there is that of azure-workload-identity.
	webhook *bool

	ingressClasses, networkPolicies map[string]bool
}

// A deployment of Crossplane.
type deployment struct {
	found bool

	// image of its container, and the version in its labels.
	image, version string

	args           []string
	desired, ready int32
}

// A pkg is a package of Crossplane.
type pkg struct {
	kind, name string

	// image is where it comes from, as its spec has it.
	image string

	// runtime is the DeploymentRuntimeConfig that it names.
	runtime string

	installed, healthy condition
}

// key of a package, such as Provider/name.
func (p pkg) key() string { return p.kind + "/" + p.name }

// repository is the last part of the image's name.
func (p pkg) repository() string {
	name, _, _ := strings.Cut(path.Base(strings.SplitN(p.image, "@", 2)[0]), ":")

	return name
}

// tag of the image. Empty if it has a digest only.
func (p pkg) tag() string {
	_, tag, _ := strings.Cut(path.Base(strings.SplitN(p.image, "@", 2)[0]), ":")

	return tag
}

// A condition of an object.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// A runtimeConfig says how a provider runs.
type runtimeConfig struct {
	// serviceAccount that pods run as. Empty if Crossplane makes a name.
	serviceAccount string

	// tokens are the audiences of tokens that pods have, by the path of their file.
	tokens map[string]string

	// tokenFile is what AZURE_FEDERATED_TOKEN_FILE says.
	tokenFile string
}

// A definition of PlatformApplication.
type definition struct {
	name string

	// ready tells whether its kind is served, and a claim's offered.
	established, offered condition
}

// A kind of the cluster.
type kind struct {
	// served tells whether the version that is composed is served.
	served bool

	// inactive tells that its ManagedResourceDefinition waits for an activation.
	inactive bool
}

// A policy of admission.
type policy struct {
	// ignores tells that requests pass if it cannot be evaluated.
	ignores bool

	// conditions are the names of those that requests have to match.
	conditions []string

	// actions of its bindings that apply to all requests.
	actions []string
}

// An attempt at what a policy must refuse.
type attempt struct {
	account string
	outcome outcome

	// why it could not be tried.
	why string
}

// An outcome of an attempt.
type outcome string

// Outcomes.
const (
	refused  outcome = "refused"
	admitted outcome = "admitted"

	// untried: something else than a policy was in the way.
	untried outcome = "untried"

	// notAs: the doctor may not act as the account.
	notAs outcome = "not as the account"

	// unwanted: the doctor was told to act as nobody.
	unwanted outcome = "unwanted"
)

// parameters of policies.
type parameters struct {
	found                         bool
	groups, users, azureProviders []string
}

// A grant that an account needs.
type grant struct{ account, verb, group, resource string }

// A namespace with its labels.
type namespace struct {
	name   string
	labels map[string]string
}
