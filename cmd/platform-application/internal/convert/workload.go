// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// Fields that are converted, with no value, and fields that are not, with the default of
// Kubernetes. The report has neither.
//
//nolint:gochecknoglobals // Constants.
var (
	podFields = map[string]string{
		"containers": "", "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
		"terminationGracePeriodSeconds": "30", "volumes": "", "securityContext": "{}", "serviceAccount": "default",
		"serviceAccountName": "default", "enableServiceLinks": "true",
	}
	containerFields = map[string]string{
		"name": "", "image": "", "command": "", "args": "", "env": "", "envFrom": "", "ports": "", "resources": "", "volumeMounts": "",
		"readinessProbe": "", "livenessProbe": "", "startupProbe": "", "imagePullPolicy": "IfNotPresent",
		"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "securityContext": "{}",
	}
	deploymentFields = map[string]string{
		"replicas": "", "selector": "", "template": "", "progressDeadlineSeconds": "600", "revisionHistoryLimit": "10",
		"strategy": `{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"}`,
	}
)

// workload converts a Deployment.
func (c *converter) workload(d *deployment) *v1alpha1.Deployment {
	where, pod := d.object.String(), d.Spec.Template.Spec
	c.leftOver(d)
	c.mounts(d)
	if len(pod.Containers) == 0 {
		c.report.add(NoContainers, where)
		return nil
	}
	for _, more := range pod.Containers[1:] {
		c.report.add(OtherContainer, where, With{"container": more.Name, "converted": pod.Containers[0].Name})
	}
	container := &pod.Containers[0]
	out := &v1alpha1.Deployment{Image: container.Image, Replicas: d.Spec.Replicas, Command: container.Command, Args: container.Args}
	if len(container.Resources.Limits)+len(container.Resources.Requests) > 0 {
		out.Resources = &v1alpha1.ResourceRequirements{Limits: container.Resources.Limits, Requests: container.Resources.Requests}
	}
	if len(container.Resources.Claims) > 0 {
		c.report.add(FieldNotConverted, where, With{"field": "container.resources.claims"})
	}
	out.Ports = c.ports(container, where)
	if len(out.Ports) > 0 {
		c.report.add(ServiceCreated, where)
	}
	out.ReadinessProbe = c.probe(container, container.ReadinessProbe, where+", readinessProbe")
	out.LivenessProbe = c.probe(container, container.LivenessProbe, where+", livenessProbe")
	out.StartupProbe = c.probe(container, container.StartupProbe, where+", startupProbe")

	return out
}

// portName is stricter than Kubernetes, where a name may begin with a digit.
var portName = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)

// ports converts the ports of a container.
func (c *converter) ports(container *corev1.Container, where string) (ports []v1alpha1.Port) {
	for _, p := range container.Ports {
		port := v1alpha1.Port{Name: p.Name, Port: p.ContainerPort}
		if p.Protocol == corev1.ProtocolUDP {
			port.Protocol = "udp"
		}
		switch {
		case p.Protocol == corev1.ProtocolSCTP || p.HostPort != 0 || p.HostIP != "":
			c.report.add(PortNotConverted, where, With{"port": p.ContainerPort})
			continue
		case slices.ContainsFunc(ports, func(o v1alpha1.Port) bool { return o.Port == port.Port && o.Protocol == port.Protocol }):
			c.report.add(PortTwice, where, With{"port": p.ContainerPort, "name": p.Name})
			continue
		case p.Name != "" && !portName.MatchString(p.Name):
			port.Name = ""
			c.report.add(PortNameInvalid, where, With{"port": p.ContainerPort, "name": p.Name})
		}
		ports = append(ports, port)
	}

	return ports
}

// probe converts a probe over HTTP or TCP.
func (c *converter) probe(container *corev1.Container, p *corev1.Probe, at string) *v1alpha1.Probe {
	if p == nil {
		return nil
	}
	out := &v1alpha1.Probe{}
	var port intstr.IntOrString
	switch {
	case p.HTTPGet != nil:
		if len(p.HTTPGet.HTTPHeaders) > 0 || p.HTTPGet.Host != "" {
			c.report.add(ProbeHeaders, at)
		}
		port, out.Path = p.HTTPGet.Port, "/"+strings.TrimPrefix(p.HTTPGet.Path, "/")
		if p.HTTPGet.Scheme == corev1.URISchemeHTTPS {
			out.Scheme = p.HTTPGet.Scheme
		}
	case p.TCPSocket != nil:
		port = p.TCPSocket.Port
	default:
		c.report.add(ProbeKind, at)
		return nil
	}
	if p.TerminationGracePeriodSeconds != nil {
		c.report.add(ProbeGracePeriod, at)
	}
	out.Port = port.IntVal
	if port.Type == intstr.String {
		for _, named := range container.Ports {
			if named.Name == port.StrVal {
				out.Port = named.ContainerPort
			}
		}
	}
	if out.Port == 0 {
		c.report.add(ProbePort, at, With{"port": port.String()})
		return nil
	}
	out.InitialDelaySeconds, out.PeriodSeconds = unless(p.InitialDelaySeconds, 0), unless(p.PeriodSeconds, 10)
	out.TimeoutSeconds, out.SuccessThreshold, out.FailureThreshold = unless(p.TimeoutSeconds, 1), unless(p.SuccessThreshold, 1), unless(p.FailureThreshold, 3)

	return out
}

// unless returns a number, or nil if it is zero or the default of Kubernetes.
func unless(n, standard int32) *int32 {
	if n == 0 || n == standard {
		return nil
	}

	return &n
}

// mounts reports volumes, which are not converted.
func (c *converter) mounts(d *deployment) {
	paths := map[string][]string{}
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, m := range container.VolumeMounts {
			paths[m.Name] = append(paths[m.Name], m.MountPath)
		}
	}
	for _, v := range d.Spec.Template.Spec.Volumes {
		at := fmt.Sprintf("%s, volume %s", d.object, v.Name)
		mounts := newFinding(NotMounted)
		if len(paths[v.Name]) > 0 {
			mounts = newFinding(MountedAt, With{"paths": paths[v.Name]})
		}
		raw, err := json.Marshal(v)
		if err != nil {
			continue
		}
		if names := secretUses(raw); len(names) > 0 {
			c.report.add(SecretVolume, at, With{"secrets": names, "mounts": mounts})
			continue
		}
		c.report.add(OtherVolume, at, With{"mounts": mounts})
	}
}

// leftOver reports all fields of a Deployment that an application does not have.
func (c *converter) leftOver(d *deployment) {
	var tree struct {
		Spec struct {
			Template struct {
				Metadata struct {
					Annotations map[string]string `json:"annotations"`
				} `json:"metadata"`
				Spec map[string]json.RawMessage `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	var all struct {
		Spec map[string]json.RawMessage `json:"spec"`
	}
	if utiljson.Unmarshal(d.object.raw, &tree) != nil || utiljson.Unmarshal(d.object.raw, &all) != nil {
		return // Decoding has succeeded before.
	}
	found := unknown("spec", all.Spec, deploymentFields)
	found = append(found, unknown("spec.template.spec", tree.Spec.Template.Spec, podFields)...)
	var containers []map[string]json.RawMessage
	if utiljson.Unmarshal(tree.Spec.Template.Spec["containers"], &containers) == nil && len(containers) > 0 {
		found = append(found, unknown("container", containers[0], containerFields)...)
	}
	for _, a := range slices.Sorted(maps.Keys(tree.Spec.Template.Metadata.Annotations)) {
		if a != "kubectl.kubernetes.io/restartedAt" {
			found = append(found, "annotation "+a)
		}
	}
	for _, f := range found {
		c.report.add(FieldNotConverted, d.object.String(), With{"field": f})
	}
}

// unknown returns the fields of an object that are not converted and not the default.
func unknown(path string, m map[string]json.RawMessage, known map[string]string) (found []string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		standard, ok := known[name]
		switch value := compact(m[name]); {
		case ok && (standard == "" || value == standard):
		case value == "null" || value == "{}" || value == "[]":
		default:
			found = append(found, path+"."+name)
		}
	}

	return found
}

// compact returns JSON with sorted keys, and a string without its quotes.
func compact(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}

	return string(data)
}

// secretUses returns the names of all Secrets that an object refers to.
func secretUses(raw json.RawMessage) []string {
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	var names []string
	walk(tree, "", func(name string) { names = append(names, name) })
	slices.Sort(names)

	return slices.Compact(names)
}

// walk calls use for every reference to a Secret in the parts of a Pod.
func walk(node any, field string, use func(string)) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			walk(e, field, use)
		}
	case map[string]any:
		reference := map[string]string{"secretKeyRef": "name", "secretRef": "name", "secret": "secretName", "imagePullSecrets": "name"}[field]
		if name, ok := n[reference].(string); ok && reference != "" {
			use(name)
		} else if name, ok := n["name"].(string); ok && field == "secret" {
			use(name) // A projected volume.
		}
		for name, child := range n {
			walk(child, name, use)
		}
	}
}
