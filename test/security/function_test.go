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
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// ofApplication are the Kubernetes kinds of an application.
var ofApplication = []string{"Deployment", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"} //nolint:gochecknoglobals // A constant.

// ofSome are the kinds that only some renderings have.
var ofSome = []string{"NetworkPolicy", "PodDisruptionBudget"} //nolint:gochecknoglobals // A constant.

// rendered returns what the function composes for the examples in the variant, in one namespace.
func rendered(t *testing.T, variant, namespace string) []*unstructured.Unstructured {
	t.Helper()

	files, err := filepath.Glob("../render/testdata/golden/" + variant + "/*/*.yaml")
	check.Must(t, err)

	var out []*unstructured.Unstructured

	for _, file := range files {
		objects, err := apiserver.ReadFiles(file)
		check.Must(t, err)

		for _, o := range objects {
			if slices.Contains(ofApplication, o.GetKind()) {
				o.SetNamespace(namespace)
				out = append(out, o)
			}
		}
	}

	return out
}

// restrictFunction puts the policies for composed objects into force, and returns Crossplane's client.
func restrictFunction(t *testing.T) client.Client {
	t.Helper()

	crossplane := userOf(t, "system:serviceaccount:crossplane-system:crossplane")
	labelled, other := server.Namespace(t), namespace(t, map[string]string{})

	// There is one request for each policy.
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

// TestGivenUp lets Crossplane delete objects that an application no longer has. It first removes their labels, and restarts
// after a failure.
func TestGivenUp(t *testing.T) {
	crossplane := restrictFunction(t)
	namespace := server.Namespace(t)

	for _, o := range rendered(t, "claim", namespace) {
		if o.GetName() != "order-service" {
			continue
		}

		check.Must(t, crossplane.Create(t.Context(), o))

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

// TestContent lets a compromised function try to reach beyond applications with objects of their
// kinds.
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
		kind   string // The default is Deployment.
		change func(map[string]any)
		want   string
	}{
		"HostNetwork":       {reason: "The pod could use the network of the node.", change: pod(true, "hostNetwork"), want: "pods of an application must not set hostNetwork"},
		"HostPID":           {reason: "The pod could see all processes of the node.", change: pod(true, "hostPID"), want: "pods of an application must not set hostPID"},
		"HostIPC":           {reason: "The pod could access the memory of other processes.", change: pod(true, "hostIPC"), want: "pods of an application must not set hostIPC"},
		"NodeName":          {reason: "The pod could run on a node despite its taints.", change: pod("control-plane", "nodeName"), want: "pods of an application must not set nodeName"},
		"Tolerations":       {reason: "The pod could run on a tainted node.", change: pod([]any{map[string]any{"operator": "Exists"}}, "tolerations"), want: "pods of an application must not set tolerations"},
		"PriorityClass":     {reason: "The pod could evict all other pods.", change: pod("system-node-critical", "priorityClassName"), want: "pods of an application must not set priorityClassName"},
		"RuntimeClass":      {reason: "The pod could choose a weaker isolation.", change: pod("weaker", "runtimeClassName"), want: "pods of an application must not set runtimeClassName"},
		"ControlPlane":      {reason: "The pod could run among pods that others trust.", change: pod(map[string]any{"node-role.kubernetes.io/control-plane": ""}, "nodeSelector"), want: nodes},
		"AffinityToNodes":   {reason: "Node affinity must not select control plane nodes either.", change: pod(terms(expression("node-role.kubernetes.io/control-plane")), "affinity", "nodeAffinity"), want: nodes},
		"AffinityToNode":    {reason: "Node affinity must not select a node by its name.", change: pod(terms(map[string]any{"matchFields": []any{map[string]any{"key": "metadata.name", "operator": "In", "values": []any{"node"}}}}), "affinity", "nodeAffinity"), want: nodes},
		"PrefersNodes":      {reason: "Preferred node affinity must not select a node by its name.", change: pod([]any{map[string]any{"weight": int64(1), "preference": expression("kubernetes.io/hostname")}}, "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"), want: nodes},
		"SystemPool":        {reason: "The pod must not select the system pool of AKS.", change: pod(map[string]any{"kubernetes.azure.com/mode": "system"}, "nodeSelector"), want: nodes},
		"Pool":              {reason: "Pods may select a pool, because reserved nodes have taints.", change: pod(terms(expression("agentpool")), "affinity", "nodeAffinity")},
		"HostPath":          {reason: "The pod could access the files of the node.", change: volume("hostPath", map[string]any{"path": "/"}), want: volumes},
		"NetworkVolume":     {reason: "The node would mount a share of any server.", change: volume("nfs", map[string]any{"server": "evil.example.com", "path": "/"}), want: volumes},
		"Claim":             {reason: "The pod could read the data of another application.", change: volume("persistentVolumeClaim", map[string]any{"claimName": "database"}), want: volumes},
		"Driver":            {reason: "The driver would act with its own permissions.", change: volume("csi", map[string]any{"driver": "secrets-store.csi.k8s.io"}), want: volumes},
		"Privileged":        {reason: "The container could control the node.", change: container(map[string]any{"privileged": true}, "securityContext"), want: privileged},
		"Escalation":        {reason: "The process could gain privileges.", change: container(true, "securityContext", "allowPrivilegeEscalation"), want: privileged},
		"NoSecurityContext": {reason: "The default allows privilege escalation.", change: container(map[string]any{}, "securityContext"), want: privileged},
		"Capabilities":      {reason: "The container could use privileges of root.", change: container([]any{"SYS_ADMIN"}, "securityContext", "capabilities", "add"), want: privileged},
		"ProcMount":         {reason: "The container could see unmasked kernel files.", change: container("Default", "securityContext", "procMount"), want: privileged},
		"ContainerSeccomp":  {reason: "The container could use all system calls.", change: container("Unconfined", "securityContext", "seccompProfile", "type"), want: privileged},
		"InitContainer":     {reason: "An init container is restricted like a container.", change: pod([]any{image}, "initContainers"), want: privileged},
		"SecondContainer": {reason: "Every container is restricted.", change: func(o map[string]any) {
			containers, _, _ := unstructured.NestedSlice(o, "spec", "template", "spec", "containers")
			pod(append(containers, image), "containers")(o)
		}, want: privileged},
		"HostPort":       {reason: "The pod could occupy a port of the node.", change: container([]any{map[string]any{"containerPort": int64(8080), "hostPort": int64(443)}}, "ports"), want: ports},
		"Probe":          {reason: "The kubelet would send requests to any host.", change: container(map[string]any{"httpGet": map[string]any{"host": "169.254.169.254", "port": int64(80)}}, "livenessProbe"), want: probes},
		"Hook":           {reason: "The kubelet would send requests of a hook to any host.", change: container(map[string]any{"postStart": map[string]any{"httpGet": map[string]any{"host": "169.254.169.254", "port": int64(80)}}}, "lifecycle"), want: "containers of an application must not set lifecycle"},
		"Seccomp":        {reason: "The pod could use all system calls.", change: pod("Unconfined", "securityContext", "seccompProfile", "type"), want: isolation},
		"Sysctls":        {reason: "Pods share the kernel's settings.", change: pod([]any{map[string]any{"name": "net.ipv4.tcp_syncookies", "value": "0"}}, "securityContext", "sysctls"), want: isolation},
		"WindowsOptions": {reason: "A Windows pod could use a service account of the domain.", change: pod("service", "securityContext", "windowsOptions", "gmsaCredentialSpecName"), want: isolation},
		"AppArmor":       {reason: "The annotation is the old form of the AppArmor profile.", change: set("unconfined", "spec", "template", "metadata", "annotations", "container.apparmor.security.beta.kubernetes.io/order-service"), want: "containers of an application must not change their AppArmor profile"},
		"Account":        {reason: "The pod could use the permissions of another ServiceAccount.", change: pod("operator", "serviceAccountName"), want: account},
		"OtherName":      {reason: "The Service could receive the requests of another application.", kind: "Service", change: set("operator", "metadata", "name"), want: "objects of application order-service must have its name, not operator"},
		"Architecture":   {reason: "Pods may select the architecture of their image.", change: pod(terms(expression("kubernetes.io/arch")), "affinity", "nodeAffinity")},
		"Spread":         {reason: "A webhook may spread pods over zones.", change: pod([]any{map[string]any{"labelSelector": map[string]any{}, "topologyKey": "kubernetes.io/hostname"}}, "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")},
		"Scratch":        {reason: "A webhook may add a volume of the pod itself.", change: volume("emptyDir", map[string]any{})},
		"Sidecar":        {reason: "A webhook may add an unprivileged container.", change: pod([]any{harmless}, "initContainers")},
		"ExternalIPs":    {reason: "The Service could receive traffic for other addresses.", kind: "Service", change: set([]any{"10.0.0.10"}, "spec", "externalIPs"), want: "a Service of an application must not set externalIPs"},
		"LoadBalancer":   {reason: "A load balancer would publish the application without a login.", kind: "Service", change: set("LoadBalancer", "spec", "type"), want: clusterIP},
		"NodePort":       {reason: "A node port would publish the application without a login.", kind: "Service", change: set("NodePort", "spec", "type"), want: clusterIP},
		"ExternalName": {reason: "A trusted name could lead to any host.", kind: "Service", change: func(o map[string]any) {
			o["spec"] = map[string]any{"type": "ExternalName", "externalName": "evil.example.com"}
		}, want: clusterIP},
		"LoadBalancerRange": {reason: "Source ranges belong to a load balancer, which is not allowed.", kind: "Service", change: func(o map[string]any) {
			set("LoadBalancer", "spec", "type")(o)
			set([]any{"0.0.0.0/0"}, "spec", "loadBalancerSourceRanges")(o)
		}, want: clusterIP},
		"Snippet":        {reason: "A snippet is configuration of the ingress controller.", kind: "Ingress", change: set("x", "metadata", "annotations", "nginx.ingress.kubernetes.io/configuration-snippet"), want: snippets},
		"SnippetCase":    {reason: "The case of the annotation does not matter.", kind: "Ingress", change: set("x", "metadata", "annotations", "nginx.org/Server-SNIPPETS"), want: snippets},
		"DefaultBackend": {reason: "A default backend would receive all unmatched requests.", kind: "Ingress", change: set(map[string]any{"service": map[string]any{"name": "web", "port": map[string]any{"number": int64(80)}}}, "spec", "defaultBackend"), want: hosts},
		"NoHost": {reason: "A rule without a host would receive the requests of all hosts.", kind: "Ingress", change: func(o map[string]any) {
			rules, _, _ := unstructured.NestedSlice(o, "spec", "rules")
			rule, _ := rules[0].(map[string]any)
			delete(rule, "host")
			set(rules, "spec", "rules")(o)
		}, want: hosts},
		"Secrets":     {reason: "The pod could read the Secret of another application.", kind: "ServiceAccount", change: set([]any{map[string]any{"name": "other"}}, "secrets"), want: secrets},
		"PullSecrets": {reason: "The ServiceAccount must not use Secrets of others for pulling images.", kind: "ServiceAccount", change: set([]any{map[string]any{"name": "other"}}, "imagePullSecrets"), want: secrets},
		"Scales":      {reason: "The autoscaler could stop another workload.", kind: "HorizontalPodAutoscaler", change: set("other", "spec", "scaleTargetRef", "name"), want: scales},
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

// set changes a field of an object.
func set(value any, fields ...string) func(map[string]any) {
	return func(o map[string]any) {
		if err := unstructured.SetNestedField(o, value, fields...); err != nil {
			panic(err)
		}
	}
}
