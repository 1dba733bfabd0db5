// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"path"
	"strings"
)

// facts are the facts for decide. An unreadable fact is nil, or has a field Read that is false.
type facts struct {
	// kubernetes is the version of the API server.
	kubernetes string

	crossplane, rbacManager *deployment

	// elsewhere are the namespaces of Crossplane, if it is not in the expected one.
	elsewhere []string

	packages     []pkg
	packagesRead bool

	// runtimes are the DeploymentRuntimeConfigs, by name.
	runtimes map[string]runtimeConfig

	// serviceAccount and acceptance report whether the ServiceAccounts of the Azure providers and of acceptance runs exist.
	serviceAccount, acceptance *bool

	definitions     []definition
	definitionsRead bool

	// kinds are the definitions of managed resources, and of ScaledObject.
	kinds map[string]kind

	// policies by name, with their bindings.
	policies map[string]policy

	// attempts are the tests of policies, by policy.
	attempts map[string]attempt

	parameters *parameters

	// grants report the permissions of accounts.
	grants map[grant]bool

	namespaces []namespace

	// applications are the namespaces with applications.
	applications []string

	// webhook reports whether the webhook of azure-workload-identity exists.
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

	// image is spec.package.
	image string

	// runtime is the name of its DeploymentRuntimeConfig.
	runtime string

	installed, healthy condition
}

// key returns Kind/name.
func (p pkg) key() string { return p.kind + "/" + p.name }

// repository returns the last part of the image's name.
func (p pkg) repository() string {
	name, _, _ := strings.Cut(path.Base(strings.SplitN(p.image, "@", 2)[0]), ":")

	return name
}

// tag returns the tag of the image. It is empty if there is only a digest.
func (p pkg) tag() string {
	_, tag, _ := strings.Cut(path.Base(strings.SplitN(p.image, "@", 2)[0]), ":")

	return tag
}

// A condition is a condition of an object.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// A runtimeConfig is a DeploymentRuntimeConfig.
type runtimeConfig struct {
	// serviceAccount of the pods. It is empty if Crossplane generates the name.
	serviceAccount string

	// tokens are the audiences of the mounted tokens, by path.
	tokens map[string]string

	// tokenFile is the value of AZURE_FEDERATED_TOKEN_FILE.
	tokenFile string
}

// A definition of PlatformApplication.
type definition struct {
	name string

	// established and offered are conditions. Only a claim is offered.
	established, offered condition
}

// A kind is a kind of the cluster.
type kind struct {
	// served is true if the cluster serves the composed version.
	served bool

	// inactive is true if its ManagedResourceDefinition waits for activation.
	inactive bool
}

// A policy is a ValidatingAdmissionPolicy.
type policy struct {
	// ignores is true for failurePolicy Ignore.
	ignores bool

	// conditions are the names of its match conditions.
	conditions []string

	// actions of its bindings for all requests.
	actions []string
}

// An attempt is the test of a policy with a request that it must reject.
type attempt struct {
	account string
	outcome outcome

	// why is the error of an untried attempt.
	why string
}

// An outcome is the result of an attempt.
type outcome string

// Outcomes.
const (
	refused  outcome = "refused"
	admitted outcome = "admitted"

	// untried: something other than the policy rejected the request.
	untried outcome = "untried"

	// notAs: the doctor has no permission to impersonate the account.
	notAs outcome = "notAs"

	// unwanted: impersonation is disabled.
	unwanted outcome = "unwanted"
)

// parameters are the parameters of the policies.
type parameters struct {
	found                         bool
	groups, users, azureProviders []string
}

// A grant is a permission that an account needs.
type grant struct{ account, verb, group, resource string }

// A namespace is a Namespace with its labels.
type namespace struct {
	name   string
	labels map[string]string
}
