// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/cron"
)

const pathTriggers = pathAutoscaling + ".triggers"

// Bounds of triggers.
const (
	maxTriggers       = 20
	maxTriggerEntries = 50
	maxTriggerValue   = 1024
)

// Types of triggers that are validated here.
const (
	triggerCron   = "cron"
	triggerCPU    = "cpu"
	triggerMemory = "memory"
)

// Kinds of targets of a trigger.
const (
	metricUtilization  = "Utilization"
	metricAverageValue = "AverageValue"
	metricValue        = "Value"
)

var (
	triggerEntry = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,63}$`)
	podCount     = regexp.MustCompile(`^[0-9]{1,4}$`)
	percentage   = regexp.MustCompile(`^[1-9][0-9]{0,3}$`)
	quantity     = regexp.MustCompile(v1alpha1.QuantityPattern)
)

func scaledObjectVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: "keda.sh", Version: "v1alpha1"}
}

// triggers returns those that KEDA acts on, the CPU load included, if there are any of
// the application's. One that KEDA would refuse is left out and named: KEDA would act on
// none of the others either.
func (c *composition) triggers() (triggers []any, ignored []IgnoredField) {
	field := parse(c.app.Spec.Autoscaling.Triggers)
	list, ok := field.([]any)
	switch {
	case !ok && field != nil:
		return nil, []IgnoredField{{Path: pathTriggers, Why: "must be a list"}}
	case len(list) == 0:
		return nil, nil
	case !ptr.Deref(c.platform.Autoscaling.KEDA, false):
		return nil, []IgnoredField{{Path: pathTriggers, Why: "the platform has no KEDA, so only the CPU load scales the pods"}}
	}

	types, names := map[any]bool{}, map[any]bool{}
	for i, entry := range list {
		path := Entry(pathTriggers, strconv.Itoa(i))
		if i == maxTriggers {
			ignored = append(ignored, IgnoredField{Path: path, Why: fmt.Sprintf("only %d triggers have an effect, and this and later ones do not", maxTriggers)})
			break
		}
		fields, _ := entry.(map[string]any)
		trigger, why := c.trigger(fields)
		if kind := trigger["type"]; why == "" && types[kind] && (kind == triggerCPU || kind == triggerMemory) {
			why = "there is one of this type already"
		}
		if why != "" {
			ignored = append(ignored, IgnoredField{Path: path, Why: why})
			continue
		}
		ignored = append(ignored, c.ignoredOfTrigger(path, fields, trigger)...)
		if name, ok := triggerName(fields); ok && !names[name] {
			names[name] = true
			trigger["name"] = name
		} else if fields["name"] != nil {
			ignored = append(ignored, IgnoredField{Path: path + ".name", Why: "must be at most 63 letters, digits and hyphens, and no other trigger's"})
		}
		types[trigger["type"]] = true
		triggers = append(triggers, trigger)
	}
	if len(triggers) > 0 && !types[triggerCPU] && c.requests(corev1.ResourceCPU) {
		triggers = append(triggers, map[string]any{
			"type": triggerCPU, "metricType": metricUtilization, "metadata": map[string]any{"value": strconv.Itoa(int(c.targetCPU()))},
		})
	}
	if len(triggers) > 0 && c.seen[NameScaledObject].condition("Ready").status == "False" {
		// What KEDA says is left out: it may contain credentials from the trigger's metadata.
		ignored = append(ignored, IgnoredField{Path: pathTriggers, Why: "KEDA does not act on the ScaledObject; your platform team can see why in its status"})
	}
	return triggers, ignored
}

// trigger copies of a trigger what KEDA defines for it, or says why it cannot be used.
// Values are left out of what it says, because nobody knows what a team puts there.
func (c *composition) trigger(fields map[string]any) (trigger map[string]any, why string) {
	kind, ok := fields["type"].(string)
	metadata, isMap := fields["metadata"].(map[string]any)
	switch {
	case !ok || !isMap:
		return nil, "must be an object with type, a string, and metadata, a map"
	case !slices.Contains(c.platform.Autoscaling.AllowedTriggers, kind):
		return nil, "the platform does not allow this type of trigger"
	case len(metadata) > maxTriggerEntries:
		return nil, fmt.Sprintf("metadata must not have more than %d entries", maxTriggerEntries)
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		value, ok := text(metadata[name])
		if !triggerEntry.MatchString(name) || !ok || len(value) > maxTriggerValue {
			return nil, fmt.Sprintf("metadata must be a map of strings of at most %d characters", maxTriggerValue)
		}
		out[name] = value
	}
	metric, ok := fields["metricType"].(string)
	if !ok && fields["metricType"] != nil {
		return nil, "metricType must be a string"
	}
	trigger = map[string]any{"type": kind, "metadata": out}
	switch kind {
	case triggerCPU, triggerMemory:
		return c.resourceTrigger(kind, metric, Object(out))
	case triggerCron:
		why = cronProblem(Object(out))
	}
	switch metric {
	case "":
	case metricAverageValue, metricValue:
		trigger["metricType"] = metric
	default:
		why = "metricType must be AverageValue or Value"
	}
	return trigger, why
}

// resourceTrigger is one of type cpu or memory.
func (c *composition) resourceTrigger(kind, metric string, metadata Object) (trigger map[string]any, why string) {
	// Older KEDA versions have metricType in metadata.type.
	metric = first(metric, metadata.str("type"), metricUtilization)
	value := metadata.str("value")
	out := map[string]any{"value": value}
	if name := metadata.str("containerName"); name != "" {
		out["containerName"] = name
	}
	switch {
	case !c.requests(corev1.ResourceName(kind)):
		return nil, "the load cannot be measured: set spec.deployment.resources.requests." + kind
	case metric != metricUtilization && metric != metricAverageValue:
		return nil, "metricType must be Utilization or AverageValue"
	case metric == metricUtilization && !percentage.MatchString(value):
		return nil, "metadata.value must be a percentage from 1 to 9999"
	case !isPositive(value):
		return nil, "metadata.value must be a quantity greater than 0"
	case first(metadata.str("containerName"), c.app.Name) != c.app.Name:
		return nil, "metadata.containerName must be the name of the application"
	}
	return map[string]any{"type": kind, "metricType": metric, "metadata": out}, ""
}

// isPositive is true of a quantity greater than 0. The pattern keeps what takes minutes to
// parse from being parsed.
func isPositive(s string) bool {
	if !quantity.MatchString(s) {
		return false
	}
	q, err := resource.ParseQuantity(s)
	return err == nil && q.Sign() > 0
}

// cronProblem says why KEDA would refuse a trigger of type cron.
func cronProblem(metadata Object) string {
	start, end := metadata.str("start"), metadata.str("end")
	switch {
	case !cron.IsZone(metadata.str("timezone")):
		return "metadata.timezone must be a time zone such as Europe/Berlin"
	case !cron.IsSchedule(start) || !cron.IsSchedule(end):
		return "metadata.start and metadata.end must be minute, hour, day of the month, month and day of the week, such as 0 8 * * 1-5"
	case start == end:
		return "metadata.start and metadata.end must not be the same"
	case !podCount.MatchString(metadata.str("desiredReplicas")):
		return "metadata.desiredReplicas must be a whole number of pods"
	}
	return ""
}

// ignoredOfTrigger lists fields of a trigger that are not copied, or bounded by another.
func (c *composition) ignoredOfTrigger(path string, fields, trigger map[string]any) []IgnoredField {
	ignored := unknown(path, fields, "type", "metadata", "name", "metricType")
	for i := range ignored {
		if ignored[i].Path == Child(path, "authenticationRef") {
			ignored[i].Why = "triggers of applications have no credentials"
		}
	}
	metadata := Object(trigger).object("metadata")
	_, most := c.scale()
	if n, err := strconv.Atoi(metadata.str("desiredReplicas")); err == nil && n > int(most) && trigger["type"] == triggerCron {
		ignored = append(ignored, IgnoredField{Path: path + ".metadata.desiredReplicas", Why: fmt.Sprintf("there are at most %d pods: set spec.autoscaling.maxReplicas", most)})
	}
	return ignored
}

func triggerName(fields map[string]any) (string, bool) {
	name, ok := fields["name"].(string)
	return name, ok && len(validation.IsDNS1123Label(name)) == 0
}

// measures tells whether the container of a Deployment requests what triggers measure.
func (c *composition) measures(deployment Object, triggers []any) bool {
	container, ok := byName(deployment.list("spec", "template", "spec", "containers"))[c.app.Name]
	if !ok {
		return false
	}
	for _, t := range triggers {
		trigger, _ := t.(map[string]any)
		kind := Object(trigger).str("type")
		if kind != triggerCPU && kind != triggerMemory {
			continue
		}
		if !isRequested(container, kind) {
			return false
		}
	}
	return true
}

func isRequested(container Object, resource string) bool {
	for _, list := range []string{"requests", "limits"} {
		if v, ok := container.object("resources", list)[resource]; ok && v != "0" {
			return true
		}
	}
	return false
}

// scaledObject has KEDA scale the Deployment, by a HorizontalPodAutoscaler that KEDA makes.
func (c *composition) scaledObject(triggers []any) *unstructured.Unstructured {
	least, most := c.scale()
	spec := map[string]any{
		"scaleTargetRef":  map[string]any{"apiVersion": "apps/v1", "kind": kindDeployment, "name": c.app.Name},
		"minReplicaCount": int64(least),
		"maxReplicaCount": int64(most),
		"triggers":        triggers,
	}
	// KEDA refuses a name that is too long with its own in front.
	if len("keda-hpa-"+c.app.Name) > validation.DNS1123LabelMaxLength {
		spec["advanced"] = map[string]any{"horizontalPodAutoscalerConfig": map[string]any{"name": c.app.Name}}
	}
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetGroupVersionKind(scaledObjectVersion().WithKind(kindScaledObject))
	o.SetName(c.app.Name)
	o.SetNamespace(c.app.Namespace)
	o.SetLabels(c.labels())
	return o
}

// ownScaledObjectSpec is what this function composes of the spec. Its schema is not known
// here, so managed fields do not say.
func ownScaledObjectSpec(spec Object) Object {
	own := Object(pick(spec, "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers"))
	if name := spec.str("advanced", "horizontalPodAutoscalerConfig", "name"); name != "" {
		own["advanced"] = map[string]any{"horizontalPodAutoscalerConfig": map[string]any{"name": name}}
	}
	return own
}
