// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// Accounts that policies restrict. CROSSPLANE is a placeholder for its namespace.
const (
	providerAccount  = "system:serviceaccount:CROSSPLANE:provider-keyvault-secretsync"
	azureAccount     = "system:serviceaccount:CROSSPLANE:provider-azure"
	crossplane       = "system:serviceaccount:CROSSPLANE:crossplane"
	acceptance       = "system:serviceaccount:CROSSPLANE:" + acceptanceAccount
	garbageCollector = "system:serviceaccount:kube-system:generic-garbage-collector"

	// outsider is an administrator of Crossplane, in the group of its chart, who is not an account of the platform.
	outsider       = "platform-application-doctor"
	administrators = "crossplane:masters"
)

// The component for acceptance runs is optional. For its account, acceptancePolicy replaces acceptanceExempts.
const (
	acceptanceAccount   = "platform-application-acceptance"
	acceptancePolicy    = "platform-application-acceptance"
	acceptanceExempts   = "platform-application-namespaces"
	acceptanceCondition = "is-no-acceptance-run"
)

// open is a namespace of every cluster, without applications.
const open = "kube-public"

// A try is a request of an account that a policy must reject. The doctor sends it as a dry run.
type try struct {
	policy, account string

	// labelled: only in a namespace of applications, no other policy rejects the request.
	labelled bool

	// object to create or to patch. NAMESPACE is a placeholder for a namespace of applications.
	object string
	patch  string

	// token: the request is for a token of the object.
	token bool
}

// tries returns the tries of all policies. No other policy of the platform rejects the same request, so a try tests only its own policy.
// Two policies cannot be tested: platform-application-orphans, which is about deletions, and platform-application-platform-namespaces,
// which rejects requests of the platform's accounts that another policy rejects for all others.
func tries() []try {
	return []try{
		{policy: "provider-keyvault-secretsync-writes", account: providerAccount, object: `{apiVersion: v1, kind: ConfigMap, metadata: {namespace: CROSSPLANE, name: platform-application-doctor}}`},
		{policy: "provider-keyvault-secretsync-namespaces", account: providerAccount, object: `{apiVersion: v1, kind: Secret, type: Opaque, metadata: {namespace: ` + open + `, name: platform-application-doctor,
			labels: {secrets.p6m.dev/managed-by: provider-keyvault-secretsync},
			ownerReferences: [{apiVersion: secrets.p6m.dev/v1alpha1, kind: KeyVaultSecretSync, name: platform-application-doctor, uid: platform-application-doctor, controller: true}]}}`},
		{policy: "provider-keyvault-secretsync-tokens", account: providerAccount, token: true, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: CROSSPLANE, name: default}}`},
		{policy: "provider-keyvault-secretsync-secrets", account: providerAccount, object: `{apiVersion: v1, kind: Secret, type: Opaque, metadata: {namespace: CROSSPLANE, name: platform-application-doctor}}`},
		{
			policy: "provider-keyvault-secretsync-kinds", account: providerAccount, object: `{apiVersion: secrets.p6m.dev/v1alpha1, kind: ClusterProviderConfig, metadata: {name: CONFIG}}`,
			patch: `{"metadata": {"labels": {"platform-application-doctor": "x"}}}`,
		},
		{policy: "provider-keyvault-secretsync-usages", account: providerAccount, object: `{apiVersion: secrets.p6m.dev/v1alpha1, kind: ProviderConfigUsage, metadata: {namespace: ` + open + `, name: platform-application-doctor},
			providerConfigRef: {kind: ClusterProviderConfig, name: default}, resourceRef: {apiVersion: v1, kind: Pod, name: x}}`},
		{policy: "provider-keyvault-secretsync-events", account: providerAccount, object: `{apiVersion: v1, kind: Event, metadata: {namespace: CROSSPLANE, name: platform-application-doctor}, type: Normal, reason: Doctor, message: x,
			involvedObject: {apiVersion: v1, kind: Pod, namespace: CROSSPLANE, name: x}}`},
		{policy: "provider-keyvault-secretsync-leases", account: providerAccount, object: `{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {namespace: CROSSPLANE, name: platform-application-doctor}}`},
		{policy: "provider-azure-writes", account: azureAccount, object: `{apiVersion: v1, kind: ConfigMap, metadata: {namespace: CROSSPLANE, name: platform-application-doctor}}`},
		{policy: "platform-application-admission", account: crossplane, object: `{apiVersion: v1, kind: ConfigMap, metadata: {namespace: CROSSPLANE, name: platform-application-admission}}`},
		{policy: "platform-application-fields", account: outsider, object: `{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {namespace: ` + open + `, name: platform-application-doctor,
			annotations: {crossplane.io/paused: "true"}}, spec: {}}`},
		{policy: "platform-application-composed", account: outsider, object: `{apiVersion: secrets.p6m.dev/v1alpha1, kind: ProviderConfig, metadata: {namespace: ` + open + `, name: platform-application-doctor}, spec: {credentials: {source: None}}}`},
		{
			policy: "platform-application-parts", account: garbageCollector, labelled: true, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: NAMESPACE, name: default}}`,
			patch: `{"metadata": {"annotations": {"crossplane.io/composition-resource-name": "x"}}}`,
		},
		{
			policy: "platform-application-namespaces", account: garbageCollector, object: `{apiVersion: v1, kind: Namespace, metadata: {name: ` + open + `}}`,
			patch: `{"metadata": {"labels": {"meta.p6m.dev/platform-application-doctor": "x"}}}`,
		},
		{policy: acceptancePolicy, account: acceptance, object: `{apiVersion: v1, kind: Namespace, metadata: {name: platform-application-doctor}}`},
		{policy: "platform-application-placeholders", account: outsider, object: `{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfig, metadata: {name: platform-application}, data: {tenantId: REPLACE_ME}}`},
		{policy: "function-platform-application-kinds", account: crossplane, object: `{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfig, metadata: {name: platform-application-doctor, ` + ofApplication + `}}`},
		{policy: "function-platform-application-namespaces", account: crossplane, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: ` + open + `, name: platform-application-doctor, ` + ofApplication + `}}`},
		{policy: "function-platform-application-objects", account: crossplane, labelled: true, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: NAMESPACE, name: platform-application-doctor-other, ` + ofApplication + `}}`},
		{policy: "function-platform-application-pods", account: crossplane, labelled: true, object: `{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: NAMESPACE, name: platform-application-doctor, ` + ofApplication + `},
			spec: {selector: {matchLabels: {a: x}}, template: {metadata: {labels: {a: x}}, spec: {hostNetwork: true, containers: [{name: x, image: x}]}}}}`},
	}
}

// ofApplication makes an object look composed by Crossplane.
const ofApplication = `ownerReferences: [{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, name: platform-application-doctor, uid: platform-application-doctor, controller: true}]`

// expectedPolicies returns the policies of the platform.
func expectedPolicies(f facts) []string {
	out := []string{"platform-application-orphans", "platform-application-platform-namespaces"}

	for _, t := range tries() {
		if t.policy != acceptancePolicy || runsAcceptance(f) {
			out = append(out, t.policy)
		}
	}

	return out
}

// runsAcceptance reports whether the account of acceptance runs exists, or a policy exempts it.
func runsAcceptance(f facts) bool {
	return f.acceptance != nil && *f.acceptance || slices.Contains(f.policies[acceptanceExempts].conditions, acceptanceCondition)
}

// attempts tests the policies that are bound with the action Deny.
func attempts(ctx context.Context, kube platform.Cluster, p platform.Platform, f facts, o Options) map[string]attempt {
	out, expected := map[string]attempt{}, expectedPolicies(f)
	asker := asker{ctx: ctx, kube: kube, clients: map[string]client.Client{}}

	config := platform.ProviderConfig
	if p.Settings != nil && p.Settings.SecretSyncProviderConfigRef.Kind == "ClusterProviderConfig" {
		config = p.Settings.SecretSyncProviderConfigRef.Name
	}

	for _, t := range tries() {
		if !slices.Contains(expected, t.policy) || !slices.Contains(f.policies[t.policy].actions, "Deny") {
			continue
		}

		ns := labelledNamespace(f.namespaces)
		if t.labelled && ns == "" {
			continue
		}

		if o.NoImpersonation {
			out[t.policy] = attempt{outcome: unwanted}

			continue
		}

		names := strings.NewReplacer("CROSSPLANE", kube.Namespace, "NAMESPACE", ns, "CONFIG", config)
		t.account, t.object = names.Replace(t.account), names.Replace(t.object)

		result, err := asker.attempt(t)
		out[t.policy] = attempt{account: t.account, outcome: result, why: text(err)}
	}

	return out
}

// labelledNamespace returns a namespace of applications, or "".
func labelledNamespace(namespaces []namespace) string {
	for _, n := range namespaces {
		if n.labels[labelWorkloads] == composed {
			return n.name
		}
	}

	return ""
}

// text returns the text of an error, or "".
func text(err error) string {
	if err == nil {
		return ""
	}

	return err.Error()
}

// An asker sends dry runs as other accounts.
type asker struct {
	ctx     context.Context //nolint:containedctx // An asker exists for one call.
	kube    platform.Cluster
	clients map[string]client.Client
}

// errNotAs is the error for an account that the doctor has no permission to impersonate.
var errNotAs = errors.New("not allowed to impersonate")

func (a *asker) attempt(t try) (outcome, error) {
	as, err := a.as(t.account)
	if errors.Is(err, errNotAs) {
		return notAs, nil
	}

	if err != nil {
		return untried, err
	}

	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(t.object), &u.Object); err != nil {
		return untried, fmt.Errorf("cannot decode object of try: %w", err)
	}

	return outcomeOf(t.policy, a.send(as, u, t))
}

func (a *asker) send(as client.Client, u *unstructured.Unstructured, t try) error {
	switch {
	case t.token:
		// An admitted dry run also issues a token. Its audience makes it useless.
		request := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
			"spec": map[string]any{"audiences": []any{"platform-application-doctor"}, "expirationSeconds": int64(600)},
		}}

		return as.SubResource("token").Create(a.ctx, u, request, client.DryRunAll) //nolint:wrapcheck // outcomeOf decides by its type.
	case t.patch != "":
		return as.Patch(a.ctx, u, client.RawPatch(types.MergePatchType, []byte(t.patch)), client.DryRunAll) //nolint:wrapcheck // As above.
	default:
		return as.Create(a.ctx, u, client.DryRunAll) //nolint:wrapcheck // As above.
	}
}

// outcomeOf returns the outcome of a dry run that a policy must reject.
func outcomeOf(policy string, err error) (outcome, error) {
	var status apierrors.APIStatus

	switch {
	case err == nil, apierrors.IsAlreadyExists(err):
		return admitted, nil
	case errors.As(err, &status) && deniedBy(policy, status.Status()):
		return refused, nil
	default:
		return untried, err
	}
}

// deniedBy reports whether this ValidatingAdmissionPolicy denied a request. Denials by RBAC have no causes, and causes of invalid objects
// have a type. If several policies deny a request, the API server names the first one.
//
// No field of the status has the policy's name. The cause begins with it, before any text of the policy's author: see DenyErrorMessage in
// k8s.io/apiserver, pkg/admission/plugin/policy/validating/dispatcher.go. If that form changes, the outcome is untried, never refused.
func deniedBy(policy string, s metav1.Status) bool {
	return s.Details != nil && slices.ContainsFunc(s.Details.Causes, func(c metav1.StatusCause) bool {
		return c.Type == "" && c.Field == "" && strings.HasPrefix(c.Message, "ValidatingAdmissionPolicy '"+policy+"' ")
	})
}

// as returns a client that impersonates an account, or errNotAs.
func (a *asker) as(account string) (client.Client, error) {
	if c, ok := a.clients[account]; ok {
		return c, nil
	}

	reviews := []authorizationv1.ResourceAttributes{{Verb: "impersonate", Resource: "users", Name: account}}

	var groups []string

	if account == outsider {
		groups = []string{administrators, "system:authenticated"}
		for _, g := range groups {
			reviews = append(reviews, authorizationv1.ResourceAttributes{Verb: "impersonate", Resource: "groups", Name: g})
		}
	}

	if parts := strings.Split(account, ":"); len(parts) == 4 && parts[1] == "serviceaccount" {
		reviews = []authorizationv1.ResourceAttributes{{Verb: "impersonate", Resource: "serviceaccounts", Namespace: parts[2], Name: parts[3]}}
	}

	for i := range reviews {
		r := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &reviews[i]}}
		if err := a.kube.Client.Create(a.ctx, r); err != nil {
			return nil, fmt.Errorf("cannot review permission to impersonate: %w", err)
		}

		if !r.Status.Allowed {
			return nil, errNotAs
		}
	}

	c, err := a.kube.As(account, groups...)
	if err != nil {
		return nil, err
	}

	a.clients[account] = c

	return c, nil
}
