// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
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
	"github.com/p6m-dev/platform-application/fn/internal/cron"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
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

// triggers returns the valid triggers, and one for the CPU load if there are any. It skips and
// reports triggers that KEDA would reject, because KEDA would then ignore all of them.
func (c *composition) triggers() (triggers []any, ignored []IgnoredField) {
	field := parse(c.app.Spec.Autoscaling.Triggers)
	list, ok := field.([]any)
	switch {
	case !ok && field != nil:
		return nil, []IgnoredField{{Path: pathTriggers, Why: finding.New(finding.MustBeList)}}
	case len(list) == 0:
		return nil, nil
	case !ptr.Deref(c.platform.Autoscaling.KEDA, false):
		return nil, []IgnoredField{{Path: pathTriggers, Why: finding.New(finding.KEDAMissing)}}
	}

	types, names := map[any]bool{}, map[any]bool{}
	for i, entry := range list {
		path := Entry(pathTriggers, strconv.Itoa(i))
		if i == maxTriggers {
			ignored = append(ignored, IgnoredField{Path: path, Why: finding.New(finding.TriggersTooMany, finding.With{"most": maxTriggers})})
			break
		}
		fields, _ := entry.(map[string]any)
		trigger, why := c.trigger(fields)
		if kind := trigger["type"]; why.IsZero() && types[kind] && (kind == triggerCPU || kind == triggerMemory) {
			why = finding.New(finding.TriggerTwice)
		}
		if !why.IsZero() {
			ignored = append(ignored, IgnoredField{Path: path, Why: why})
			continue
		}
		ignored = append(ignored, c.ignoredOfTrigger(path, fields, trigger)...)
		if name, ok := triggerName(fields); ok && !names[name] {
			names[name] = true
			trigger["name"] = name
		} else if fields["name"] != nil {
			ignored = append(ignored, IgnoredField{Path: path + ".name", Why: finding.New(finding.TriggerNameInvalid)})
		}
		types[trigger["type"]] = true
		triggers = append(triggers, trigger)
	}
	if len(triggers) > 0 && !types[triggerCPU] && c.requests(corev1.ResourceCPU) {
		triggers = append(triggers, map[string]any{
			"type": triggerCPU, "metricType": metricUtilization, "metadata": map[string]any{"value": strconv.Itoa(int(c.targetCPU()))},
		})
	}
	if len(triggers) > 0 && c.seen[NameScaledObject].condition(conditionReady).status == "False" {
		// The message of KEDA is not shown: it may contain credentials from the trigger's metadata.
		ignored = append(ignored, IgnoredField{Path: pathTriggers, Why: finding.New(finding.KEDARefuses)})
	}

	return triggers, ignored
}

// trigger copies the fields of a trigger that KEDA defines, or returns why the trigger is
// invalid. The finding never includes values, which may be confidential.
func (c *composition) trigger(fields map[string]any) (trigger map[string]any, why finding.Finding) {
	kind, ok := fields["type"].(string)
	metadata, isMap := fields["metadata"].(map[string]any)
	switch {
	case !ok || !isMap:
		return nil, finding.New(finding.TriggerInvalid)
	case !slices.Contains(c.platform.Autoscaling.AllowedTriggers, kind):
		return nil, finding.New(finding.TriggerNotAllowed)
	case len(metadata) > maxTriggerEntries:
		return nil, finding.New(finding.TriggerMetadataTooLong, finding.With{"most": maxTriggerEntries})
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		value, ok := text(metadata[name])
		if !triggerEntry.MatchString(name) || !ok || len(value) > maxTriggerValue {
			return nil, finding.New(finding.TriggerMetadataInvalid, finding.With{"most": maxTriggerValue})
		}
		out[name] = value
	}
	metric, ok := fields["metricType"].(string)
	if !ok && fields["metricType"] != nil {
		return nil, finding.New(finding.MetricTypeNotString)
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
		why = finding.New(finding.MetricTypeOfOther)
	}

	return trigger, why
}

// resourceTrigger returns a trigger of type cpu or memory, or why it is invalid.
func (c *composition) resourceTrigger(kind, metric string, metadata Object) (trigger map[string]any, why finding.Finding) {
	// Older versions of KEDA have the metric type in metadata.type.
	metric = cmp.Or(metric, metadata.str("type"), metricUtilization)
	value := metadata.str("value")
	out := map[string]any{"value": value}
	if name := metadata.str("containerName"); name != "" {
		out["containerName"] = name
	}
	switch {
	case !c.requests(corev1.ResourceName(kind)):
		return nil, finding.New(finding.LoadNotMeasured, finding.With{"resource": kind})
	case metric != metricUtilization && metric != metricAverageValue:
		return nil, finding.New(finding.MetricTypeOfResource)
	case metric == metricUtilization && !percentage.MatchString(value):
		return nil, finding.New(finding.PercentageInvalid)
	case !isPositive(value):
		return nil, finding.New(finding.MetricQuantityInvalid)
	case cmp.Or(metadata.str("containerName"), c.app.Name) != c.app.Name:
		return nil, finding.New(finding.ContainerNameInvalid)
	}

	return map[string]any{"type": kind, "metricType": metric, "metadata": out}, why
}

// isPositive reports whether a string is a quantity greater than 0. The pattern excludes
// quantities that take minutes to parse.
func isPositive(s string) bool {
	if !quantity.MatchString(s) {
		return false
	}
	q, err := resource.ParseQuantity(s)

	return err == nil && q.Sign() > 0
}

// cronProblem returns why KEDA would reject a trigger of type cron.
func cronProblem(metadata Object) (why finding.Finding) {
	start, end := metadata.str("start"), metadata.str("end")
	switch {
	case !cron.IsZone(metadata.str("timezone")):
		return finding.New(finding.TimeZoneInvalid)
	case !cron.IsSchedule(start) || !cron.IsSchedule(end):
		return finding.New(finding.ScheduleInvalid)
	case start == end:
		return finding.New(finding.ScheduleEmpty)
	case !podCount.MatchString(metadata.str("desiredReplicas")):
		return finding.New(finding.DesiredReplicasInvalid)
	}

	return why
}

// ignoredOfTrigger returns the fields of a trigger that are not copied, or that another field
// limits.
func (c *composition) ignoredOfTrigger(path string, fields, trigger map[string]any) []IgnoredField {
	ignored := unknown(path, fields, "type", "metadata", "name", "metricType")
	for i := range ignored {
		if ignored[i].Path == Child(path, "authenticationRef") {
			ignored[i].Why = finding.New(finding.TriggerWithoutCredentials)
		}
	}
	metadata := Object(trigger).object("metadata")
	_, most := c.scale()
	if n, err := strconv.Atoi(metadata.str("desiredReplicas")); err == nil && n > int(most) && trigger["type"] == triggerCron {
		ignored = append(ignored, IgnoredField{Path: path + ".metadata.desiredReplicas", Why: finding.New(finding.DesiredReplicasTooMany, finding.With{"most": most})})
	}

	return ignored
}

func triggerName(fields map[string]any) (string, bool) {
	name, ok := fields["name"].(string)
	return name, ok && len(validation.IsDNS1123Label(name)) == 0
}

// measures reports whether the container of a Deployment requests the resources that triggers
// measure.
func (c *composition) measures(deployment Object, triggers []any) bool {
	container, ok := deployment.containers()[c.app.Name]
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

// scaledObject makes KEDA scale the Deployment.
func (c *composition) scaledObject(triggers []any) *unstructured.Unstructured {
	least, most := c.scale()
	spec := map[string]any{
		"scaleTargetRef":  map[string]any{"apiVersion": "apps/v1", "kind": kindDeployment, "name": c.app.Name},
		"minReplicaCount": int64(least),
		"maxReplicaCount": int64(most),
		"triggers":        triggers,
	}
	// KEDA rejects a name that is too long with its own prefix.
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

// ownScaledObjectSpec returns the part of the spec that this function composes. Without the
// schema, managed fields do not show it.
func ownScaledObjectSpec(spec Object) Object {
	own := Object(pick(spec, "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers"))
	if name := spec.str("advanced", "horizontalPodAutoscalerConfig", "name"); name != "" {
		own["advanced"] = map[string]any{"horizontalPodAutoscalerConfig": map[string]any{"name": name}}
	}

	return own
}
