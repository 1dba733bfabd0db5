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

// Accounts that policies restrict. CROSSPLANE stands for its namespace.
const (
	providerAccount  = "system:serviceaccount:CROSSPLANE:provider-keyvault-secretsync"
	azureAccount     = "system:serviceaccount:CROSSPLANE:provider-azure"
	crossplane       = "system:serviceaccount:CROSSPLANE:crossplane"
	acceptance       = "system:serviceaccount:CROSSPLANE:" + acceptanceAccount
	garbageCollector = "system:serviceaccount:kube-system:generic-garbage-collector"

	// somebody who administers Crossplane, as its chart has it, and is not of the platform.
	somebody      = "platform-application-doctor"
	administrates = "crossplane:masters"
)

// The component for acceptance runs is optional. It lets its account past acceptanceExempts, and acceptancePolicy takes that one's place.
const (
	acceptanceAccount   = "platform-application-acceptance"
	acceptancePolicy    = "platform-application-acceptance"
	acceptanceExempts   = "platform-application-namespaces"
	acceptanceCondition = "is-no-acceptance-run"
)

// open is a namespace that every cluster has and no application runs in.
const open = "kube-public"

// A try is what a policy must refuse to an account. Everything is a dry run.
type try struct {
	policy, account string

	// labelled: it takes a namespace of applications to be refused by this policy alone.
	labelled bool

	// object to create, or that the patch is for. NAMESPACE stands for a namespace of applications.
	object string
	patch  string

	// token: what is asked for is a token.
	token bool
}

// tries of policies. No other policy of the platform refuses the same, so that each try is about its policy. Two can be looked
// at only: platform-application-orphans, as it is about deletions, and platform-application-platform-namespaces, which refuses to accounts of the
// platform what another policy refuses to everybody else.
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
		{policy: "platform-application-fields", account: somebody, object: `{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {namespace: ` + open + `, name: platform-application-doctor,
			annotations: {crossplane.io/paused: "true"}}, spec: {}}`},
		{policy: "platform-application-composed", account: somebody, object: `{apiVersion: secrets.p6m.dev/v1alpha1, kind: ProviderConfig, metadata: {namespace: ` + open + `, name: platform-application-doctor}, spec: {credentials: {source: None}}}`},
		{
			policy: "platform-application-parts", account: garbageCollector, labelled: true, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: NAMESPACE, name: default}}`,
			patch: `{"metadata": {"annotations": {"crossplane.io/composition-resource-name": "x"}}}`,
		},
		{
			policy: "platform-application-namespaces", account: garbageCollector, object: `{apiVersion: v1, kind: Namespace, metadata: {name: ` + open + `}}`,
			patch: `{"metadata": {"labels": {"meta.p6m.dev/platform-application-doctor": "x"}}}`,
		},
		{policy: acceptancePolicy, account: acceptance, object: `{apiVersion: v1, kind: Namespace, metadata: {name: platform-application-doctor}}`},
		{policy: "platform-application-placeholders", account: somebody, object: `{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfig, metadata: {name: platform-application}, data: {tenantId: REPLACE_ME}}`},
		{policy: "function-platform-application-kinds", account: crossplane, object: `{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfig, metadata: {name: platform-application-doctor, ` + ofApplication + `}}`},
		{policy: "function-platform-application-namespaces", account: crossplane, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: ` + open + `, name: platform-application-doctor, ` + ofApplication + `}}`},
		{policy: "function-platform-application-objects", account: crossplane, labelled: true, object: `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: NAMESPACE, name: platform-application-doctor-other, ` + ofApplication + `}}`},
		{policy: "function-platform-application-pods", account: crossplane, labelled: true, object: `{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: NAMESPACE, name: platform-application-doctor, ` + ofApplication + `},
			spec: {selector: {matchLabels: {a: x}}, template: {metadata: {labels: {a: x}}, spec: {hostNetwork: true, containers: [{name: x, image: x}]}}}}`},
	}
}

// ofApplication has Crossplane seem to compose an object.
const ofApplication = `ownerReferences: [{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, name: platform-application-doctor, uid: platform-application-doctor, controller: true}]`

// expectedPolicies are those of the platform.
func expectedPolicies(f facts) []string {
	out := []string{"platform-application-orphans", "platform-application-platform-namespaces"}

	for _, t := range tries() {
		if t.policy != acceptancePolicy || runsAcceptance(f) {
			out = append(out, t.policy)
		}
	}

	return out
}

// runsAcceptance tells whether the account of acceptance runs is there, or is let past a policy.
func runsAcceptance(f facts) bool {
	return f.acceptance != nil && *f.acceptance || slices.Contains(f.policies[acceptanceExempts].conditions, acceptanceCondition)
}

// attempts at what policies must refuse, of those that seem to be in force.
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

// labelledNamespace is one of applications, or none.
func labelledNamespace(namespaces []namespace) string {
	for _, n := range namespaces {
		if n.labels[labelWorkloads] == composed {
			return n.name
		}
	}

	return ""
}

func text(err error) string {
	if err == nil {
		return ""
	}

	return err.Error()
}

// An asker acts as others, in dry runs.
type asker struct {
	ctx     context.Context //nolint:containedctx // That of one call.
	kube    platform.Cluster
	clients map[string]client.Client
}

// errNotAs is about an account that the doctor may not act as.
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
		return untried, fmt.Errorf("cannot read what is tried: %w", err)
	}

	return outcomeOf(t.policy, a.send(as, u, t))
}

func (a *asker) send(as client.Client, u *unstructured.Unstructured, t try) error {
	switch {
	case t.token:
		// A dry run makes a token, too, if nothing refuses it. Nobody accepts one of this audience.
		request := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
			"spec": map[string]any{"audiences": []any{"platform-application-doctor"}, "expirationSeconds": int64(600)},
		}}

		return as.SubResource("token").Create(a.ctx, u, request, client.DryRunAll) //nolint:wrapcheck // It is looked at.
	case t.patch != "":
		return as.Patch(a.ctx, u, client.RawPatch(types.MergePatchType, []byte(t.patch)), client.DryRunAll) //nolint:wrapcheck // As above.
	default:
		return as.Create(a.ctx, u, client.DryRunAll) //nolint:wrapcheck // As above.
	}
}

// outcomeOf what the API server says to a dry run that a policy must refuse.
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

// deniedBy tells a denial by that ValidatingAdmissionPolicy from one by another, by RBAC, which has no causes, and from an object that
// is invalid, whose causes have a type. Of several policies that deny, the API server names the first.
//
// No field of the answer has the policy's name. The API server begins the cause with it, in a form that is fixed in its code, before
// anything that a policy's author writes; another form would make the outcome untried, and never refused.
func deniedBy(policy string, s metav1.Status) bool {
	return s.Details != nil && slices.ContainsFunc(s.Details.Causes, func(c metav1.StatusCause) bool {
		return c.Type == "" && c.Field == "" && strings.HasPrefix(c.Message, "ValidatingAdmissionPolicy '"+policy+"' ")
	})
}

// as an account, if the doctor may impersonate it.
func (a *asker) as(account string) (client.Client, error) {
	if c, ok := a.clients[account]; ok {
		return c, nil
	}

	reviews := []authorizationv1.ResourceAttributes{{Verb: "impersonate", Resource: "users", Name: account}}

	var groups []string

	if account == somebody {
		groups = []string{administrates, "system:authenticated"}
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
			return nil, fmt.Errorf("cannot ask what the doctor may do: %w", err)
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
