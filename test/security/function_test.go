// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

// ofApplication are the kinds of Kubernetes that an application is composed of.
var ofApplication = []string{"Deployment", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"} //nolint:gochecknoglobals // A constant.

// ofSome are those that not every rendering has.
var ofSome = []string{"NetworkPolicy", "PodDisruptionBudget"} //nolint:gochecknoglobals // A constant.

// rendered returns what the function composes of the examples in that variant, in a namespace.
func rendered(t *testing.T, variant, namespace string) []*unstructured.Unstructured {
	t.Helper()

	files, err := filepath.Glob("../render/testdata/golden/" + variant + "/*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}

	var out []*unstructured.Unstructured

	for _, file := range files {
		objects, err := apiserver.ReadFiles(file)
		if err != nil {
			t.Fatal(err)
		}

		for _, o := range objects {
			if slices.Contains(ofApplication, o.GetKind()) {
				o.SetNamespace(namespace)
				out = append(out, o)
			}
		}
	}

	return out
}

// restrictFunction has the policies in force for what Crossplane composes, and returns Crossplane's client.
func restrictFunction(t *testing.T) client.Client {
	t.Helper()

	crossplane := userOf(t, "system:serviceaccount:crossplane-system:crossplane")
	labelled, other := server.Namespace(t), namespace(t, map[string]string{})

	// One for each policy.
	service := map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}
	pod := map[string]any{"hostPID": true, "serviceAccountName": "web", "containers": []any{map[string]any{"name": "web", "image": "web"}}}
	deployment := map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
		"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "web"}}, "spec": pod},
	}
	refused := []map[string]any{
		object("v1", "ConfigMap", labelled, "web", controlledByApplication(), nil),
		object("v1", "Service", other, "web", controlledByApplication(), map[string]any{"spec": service}),
		object("v1", "Service", labelled, "other", controlledByApplication(), map[string]any{"spec": service}),
		object("apps/v1", "Deployment", labelled, "web", controlledByApplication(), map[string]any{"spec": deployment}),
	}

	restrict(t, "function.yaml", func(ctx context.Context) error {
		var last error

		for _, o := range refused {
			last = crossplane.Create(ctx, (&unstructured.Unstructured{Object: o}).DeepCopy(), client.DryRunAll)
			if !kerrors.IsForbidden(last) {
				return last //nolint:wrapcheck // The caller asks what kind it is.
			}
		}

		return last //nolint:wrapcheck // The caller asks what kind it is.
	})

	return crossplane
}

func controlledByApplication() map[string]any {
	return map[string]any{"ownerReferences": []any{map[string]any{
		"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "PlatformApplication", "name": "web", "uid": "uid", "controller": true,
	}}}
}

// TestGivenUp has Crossplane delete what an application does not ask for any more, which begins with taking its labels away, and
// begin again after a failure.
func TestGivenUp(t *testing.T) {
	crossplane := restrictFunction(t)
	namespace := server.Namespace(t)

	for _, o := range rendered(t, "claim", namespace) {
		if o.GetName() != "order-service" {
			continue
		}

		if err := crossplane.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}

		for range 2 {
			o.SetLabels(nil)

			if err := crossplane.Update(t.Context(), o); err != nil {
				t.Errorf("%s without labels: %v", o.GetKind(), err)
			}
		}

		if err := crossplane.Delete(t.Context(), o); err != nil {
			t.Errorf("%s: %v", o.GetKind(), err)
		}
	}
}

// TestContent has a function that somebody has taken over try to reach beyond the
// applications in objects of the kinds that these consist of.
//
//nolint:gocognit // A table, after which two variants are asked the same.
func TestContent(t *testing.T) {
	crossplane := restrictFunction(t)
	namespace := server.Namespace(t)

	objects := map[string]*unstructured.Unstructured{}
	claimed := map[string]*unstructured.Unstructured{}

	for variant, into := range map[string]map[string]*unstructured.Unstructured{"modern": objects, "claim": claimed} {
		for _, o := range rendered(t, variant, namespace) {
			if o.GetName() == "order-service" {
				into[o.GetKind()] = o
			}
		}
	}

	for _, kind := range ofApplication {
		if !slices.Contains(ofSome, kind) && (objects[kind] == nil || claimed[kind] == nil) {
			t.Fatalf("no %s is rendered", kind)
		}
	}

	const (
		isolation  = "pods of an application must have the seccomp profile RuntimeDefault, and must not weaken their isolation"
		privileged = "containers of an application must not be privileged, allow privilege escalation or add capabilities"
		volumes    = "volumes of an application's pods must use only objects of their namespace"
		account    = "pods of an application must run as the application's ServiceAccount"
		nodes      = "pods of an application must not select nodes by name or role"
		ports      = "containers of an application must not set hostPort or hostIP"
		probes     = "probes of an application must not set a host"
		clusterIP  = "a Service of an application must be of type ClusterIP"
		snippets   = "an Ingress of an application must not have snippets"
		hosts      = "an Ingress of an application must name its hosts, and must not have a default backend"
		secrets    = "a ServiceAccount of an application must not reference Secrets"
		scales     = "a HorizontalPodAutoscaler of an application must scale the application's Deployment"
	)

	pod := func(value any, fields ...string) func(map[string]any) {
		return set(value, append([]string{"spec", "template", "spec"}, fields...)...)
	}
	container := func(value any, fields ...string) func(map[string]any) {
		return func(o map[string]any) {
			containers, _, _ := unstructured.NestedSlice(o, "spec", "template", "spec", "containers")
			set(value, fields...)(containers[0].(map[string]any)) //nolint:forcetypeassert // It is a container.
			pod(containers, "containers")(o)
		}
	}
	volume := func(kind string, content map[string]any) func(map[string]any) {
		return pod([]any{map[string]any{"name": "volume", kind: content}}, "volumes")
	}
	terms := func(term map[string]any) map[string]any {
		return map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{"nodeSelectorTerms": []any{term}}}
	}
	expression := func(key string) map[string]any {
		return map[string]any{"matchExpressions": []any{map[string]any{"key": key, "operator": "In", "values": []any{"amd64"}}}}
	}
	image := map[string]any{"name": "other", "image": "other"}
	harmless := map[string]any{"name": "other", "image": "other", "securityContext": map[string]any{"allowPrivilegeEscalation": false}}

	cases := map[string]struct {
		reason string
		kind   string // A Deployment, if there is none.
		change func(map[string]any)
		want   string
	}{
		"HostNetwork":       {reason: "It would reach what only nodes reach.", change: pod(true, "hostNetwork"), want: "pods of an application must not set hostNetwork"},
		"HostPID":           {reason: "It would see the processes of all.", change: pod(true, "hostPID"), want: "pods of an application must not set hostPID"},
		"HostIPC":           {reason: "And their memory.", change: pod(true, "hostIPC"), want: "pods of an application must not set hostIPC"},
		"NodeName":          {reason: "No taint would keep it off a node.", change: pod("control-plane", "nodeName"), want: "pods of an application must not set nodeName"},
		"Tolerations":       {reason: "Nor would it here.", change: pod([]any{map[string]any{"operator": "Exists"}}, "tolerations"), want: "pods of an application must not set tolerations"},
		"PriorityClass":     {reason: "It would drive out everybody.", change: pod("system-node-critical", "priorityClassName"), want: "pods of an application must not set priorityClassName"},
		"RuntimeClass":      {reason: "It would choose its isolation.", change: pod("weaker", "runtimeClassName"), want: "pods of an application must not set runtimeClassName"},
		"ControlPlane":      {reason: "Pods that others trust run there.", change: pod(map[string]any{"node-role.kubernetes.io/control-plane": ""}, "nodeSelector"), want: nodes},
		"AffinityToNodes":   {reason: "In other words.", change: pod(terms(expression("node-role.kubernetes.io/control-plane")), "affinity", "nodeAffinity"), want: nodes},
		"AffinityToNode":    {reason: "Or by its name.", change: pod(terms(map[string]any{"matchFields": []any{map[string]any{"key": "metadata.name", "operator": "In", "values": []any{"node"}}}}), "affinity", "nodeAffinity"), want: nodes},
		"PrefersNodes":      {reason: "Or as a wish.", change: pod([]any{map[string]any{"weight": int64(1), "preference": expression("kubernetes.io/hostname")}}, "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"), want: nodes},
		"SystemPool":        {reason: "Or by what AKS calls its own.", change: pod(map[string]any{"kubernetes.azure.com/mode": "system"}, "nodeSelector"), want: nodes},
		"Pool":              {reason: "Nodes of others have taints.", change: pod(terms(expression("agentpool")), "affinity", "nodeAffinity")},
		"HostPath":          {reason: "It would have the node.", change: volume("hostPath", map[string]any{"path": "/"}), want: volumes},
		"NetworkVolume":     {reason: "The node would mount what anybody serves.", change: volume("nfs", map[string]any{"server": "evil.example.com", "path": "/"}), want: volumes},
		"Claim":             {reason: "It would have the data of another.", change: volume("persistentVolumeClaim", map[string]any{"claimName": "database"}), want: volumes},
		"Driver":            {reason: "A driver acts for it.", change: volume("csi", map[string]any{"driver": "secrets-store.csi.k8s.io"}), want: volumes},
		"Privileged":        {reason: "It would have the node.", change: container(map[string]any{"privileged": true}, "securityContext"), want: privileged},
		"Escalation":        {reason: "It could become more than it is.", change: container(true, "securityContext", "allowPrivilegeEscalation"), want: privileged},
		"NoSecurityContext": {reason: "The default allows that.", change: container(map[string]any{}, "securityContext"), want: privileged},
		"Capabilities":      {reason: "It could do what root may.", change: container([]any{"SYS_ADMIN"}, "securityContext", "capabilities", "add"), want: privileged},
		"ProcMount":         {reason: "It would see the kernel.", change: container("Default", "securityContext", "procMount"), want: privileged},
		"ContainerSeccomp":  {reason: "It could call everything.", change: container("Unconfined", "securityContext", "seccompProfile", "type"), want: privileged},
		"InitContainer":     {reason: "A container is a container.", change: pod([]any{image}, "initContainers"), want: privileged},
		"SecondContainer": {reason: "All of them.", change: func(o map[string]any) {
			containers, _, _ := unstructured.NestedSlice(o, "spec", "template", "spec", "containers")
			pod(append(containers, image), "containers")(o)
		}, want: privileged},
		"HostPort":       {reason: "It would take a port of the node.", change: container([]any{map[string]any{"containerPort": int64(8080), "hostPort": int64(443)}}, "ports"), want: ports},
		"Probe":          {reason: "The kubelet would ask for it.", change: container(map[string]any{"httpGet": map[string]any{"host": "169.254.169.254", "port": int64(80)}}, "livenessProbe"), want: probes},
		"Hook":           {reason: "There, too.", change: container(map[string]any{"postStart": map[string]any{"httpGet": map[string]any{"host": "169.254.169.254", "port": int64(80)}}}, "lifecycle"), want: "containers of an application must not set lifecycle"},
		"Seccomp":        {reason: "It could call everything.", change: pod("Unconfined", "securityContext", "seccompProfile", "type"), want: isolation},
		"Sysctls":        {reason: "The kernel is everybody's.", change: pod([]any{map[string]any{"name": "net.ipv4.tcp_syncookies", "value": "0"}}, "securityContext", "sysctls"), want: isolation},
		"WindowsOptions": {reason: "Nor, with Windows, the account of a service.", change: pod("service", "securityContext", "windowsOptions", "gmsaCredentialSpecName"), want: isolation},
		"AppArmor":       {reason: "In the way of old.", change: set("unconfined", "spec", "template", "metadata", "annotations", "container.apparmor.security.beta.kubernetes.io/order-service"), want: "containers of an application must not change their AppArmor profile"},
		"Account":        {reason: "It would have the rights of another.", change: pod("operator", "serviceAccountName"), want: account},
		"OtherName":      {reason: "It would get the requests of another.", kind: "Service", change: set("operator", "metadata", "name"), want: "objects of application order-service must have its name, not operator"},
		"Architecture":   {reason: "An image is for some architectures.", change: pod(terms(expression("kubernetes.io/arch")), "affinity", "nodeAffinity")},
		"Spread":         {reason: "A webhook spreads the pods of all.", change: pod([]any{map[string]any{"labelSelector": map[string]any{}, "topologyKey": "kubernetes.io/hostname"}}, "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")},
		"Scratch":        {reason: "Another adds a volume of the pod's own.", change: volume("emptyDir", map[string]any{})},
		"Sidecar":        {reason: "Or a container without rights.", change: pod([]any{harmless}, "initContainers")},
		"ExternalIPs":    {reason: "It would get what is sent to others.", kind: "Service", change: set([]any{"10.0.0.10"}, "spec", "externalIPs"), want: "a Service of an application must not set externalIPs"},
		"LoadBalancer":   {reason: "It would publish without login.", kind: "Service", change: set("LoadBalancer", "spec", "type"), want: clusterIP},
		"NodePort":       {reason: "So it would.", kind: "Service", change: set("NodePort", "spec", "type"), want: clusterIP},
		"ExternalName": {reason: "A name that is trusted would lead anywhere.", kind: "Service", change: func(o map[string]any) {
			o["spec"] = map[string]any{"type": "ExternalName", "externalName": "evil.example.com"}
		}, want: clusterIP},
		"LoadBalancerRange": {reason: "Nor what publishes it in part.", kind: "Service", change: func(o map[string]any) {
			set("LoadBalancer", "spec", "type")(o)
			set([]any{"0.0.0.0/0"}, "spec", "loadBalancerSourceRanges")(o)
		}, want: clusterIP},
		"Snippet":        {reason: "It is configuration of the controller.", kind: "Ingress", change: set("x", "metadata", "annotations", "nginx.ingress.kubernetes.io/configuration-snippet"), want: snippets},
		"SnippetCase":    {reason: "In whatever case.", kind: "Ingress", change: set("x", "metadata", "annotations", "nginx.org/Server-SNIPPETS"), want: snippets},
		"DefaultBackend": {reason: "It would get what is sent to nobody.", kind: "Ingress", change: set(map[string]any{"service": map[string]any{"name": "web", "port": map[string]any{"number": int64(80)}}}, "spec", "defaultBackend"), want: hosts},
		"NoHost": {reason: "And to everybody.", kind: "Ingress", change: func(o map[string]any) {
			rules, _, _ := unstructured.NestedSlice(o, "spec", "rules")
			rule, _ := rules[0].(map[string]any)
			delete(rule, "host")
			set(rules, "spec", "rules")(o)
		}, want: hosts},
		"Secrets":     {reason: "A Secret of another is not its own.", kind: "ServiceAccount", change: set([]any{map[string]any{"name": "other"}}, "secrets"), want: secrets},
		"PullSecrets": {reason: "Nor here.", kind: "ServiceAccount", change: set([]any{map[string]any{"name": "other"}}, "imagePullSecrets"), want: secrets},
		"Scales":      {reason: "It would stop what runs beside it.", kind: "HorizontalPodAutoscaler", change: set("other", "spec", "scaleTargetRef", "name"), want: scales},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kind := tc.kind
			if kind == "" {
				kind = "Deployment"
			}

			for variant, of := range map[string]*unstructured.Unstructured{"modern": objects[kind], "claim": claimed[kind]} {
				o := of.DeepCopy()
				tc.change(o.Object)

				if diff := cmp.Diff(tc.want, message(crossplane.Create(t.Context(), o, client.DryRunAll))); diff != "" {
					t.Errorf("\n%s\n%s: -want, +got:\n%s", tc.reason, variant, diff)
				}
			}
		})
	}
}

// set a field of an object.
func set(value any, fields ...string) func(map[string]any) {
	return func(o map[string]any) {
		if err := unstructured.SetNestedField(o, value, fields...); err != nil {
			panic(err)
		}
	}
}
