// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kinds and version of this API.
const (
	Group   = "meta.p6m.dev"
	Version = "v1alpha1"
	// Kind is the namespaced composite resource, or the claim for one.
	Kind = "PlatformApplication"
	// LegacyKind is the cluster-scoped composite resource behind a claim.
	LegacyKind = "XPlatformApplication"
)

// SecretsRevisionAnnotation is set on the pods of an application. It changes when a secret
// has a new version, so that Kubernetes rolls the pods.
const SecretsRevisionAnnotation = "meta.p6m.dev/secrets-revision"

// Annotations that request an action. Any new value is a new request; it is usually the
// current time.
const (
	// RestartedAtAnnotation of an application is copied to its pods, so that Kubernetes
	// rolls them.
	RestartedAtAnnotation = "meta.p6m.dev/restarted-at"
	// SyncRequestedAtAnnotation of an application requests a read of all its secrets.
	SyncRequestedAtAnnotation = "meta.p6m.dev/sync-requested-at"
)

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=papp,categories={crossplane,platform}
// +kubebuilder:printcolumn:name="VAULT",type="string",JSONPath=".status.keyVault.uri"
// +kubebuilder:printcolumn:name="SECRETS",type="string",JSONPath=".status.secretsSynced"
// +kubebuilder:printcolumn:name="ZONE",type="string",JSONPath=".status.landingZone",priority=1
// +kubebuilder:printcolumn:name="IMAGE",type="string",JSONPath=".spec.deployment.image",priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="must be at most 63 lower-case letters, digits and hyphens, begin with a letter and end with a letter or digit: it becomes the name of a Service",fieldPath=".metadata.name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name != 'default'",message="must not be default: pods without a serviceAccountName use that ServiceAccount",fieldPath=".metadata.name"

// A PlatformApplication is one application: its workload, its own Azure Key Vault, and the
// environment variables that its pods get from the vault.
type PlatformApplication struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   PlatformApplicationSpec   `json:"spec,omitempty"`
	Status PlatformApplicationStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// A PlatformApplicationList is a list of PlatformApplications.
type PlatformApplicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PlatformApplication `json:"items"`
}

// PlatformApplicationSpec is the desired state of an application.
//
// +kubebuilder:validation:XValidation:rule="has(self.keyVault) && has(self.keyVault.name) ? has(oldSelf.keyVault) && has(oldSelf.keyVault.name) && self.keyVault.name == oldSelf.keyVault.name : !(has(oldSelf.keyVault) && has(oldSelf.keyVault.name))",message="keyVault.name cannot be set, changed or removed after creation: the application would lose the secrets of its current vault",fieldPath=".keyVault.name"
// +kubebuilder:validation:XValidation:rule="!(has(self.keyVault) && has(self.keyVault.deletionPolicy) && self.keyVault.deletionPolicy == 'Purge') || (has(oldSelf.keyVault) && has(oldSelf.keyVault.deletionPolicy) && oldSelf.keyVault.deletionPolicy == 'Purge')",message="keyVault.deletionPolicy cannot become Purge after creation: the vault has purge protection, which Azure never turns off",fieldPath=".keyVault.deletionPolicy"
type PlatformApplicationSpec struct {
	// Deployment is the workload. Without it, the application has only secrets.
	// +optional
	Deployment *Deployment `json:"deployment,omitempty"`

	// Config holds plain environment variables. A value may use $(NAME) to refer
	// to a variable that comes from a secret; Kubernetes expands it.
	// +optional
	// +kubebuilder:validation:MaxProperties=512
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 255 && k.matches('^[A-Za-z_][A-Za-z0-9_.-]*$'))",message="names must be at most 255 letters, digits, underscores, dots and hyphens, and begin with a letter or underscore"
	Config map[string]string `json:"config,omitempty"`

	// Secrets lists the Key Vault secrets whose keys become environment variables. If the
	// platform has enabled it, missing secrets are created without values.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.all(b, a.name == b.name || a.name.size() != b.name.size() || a.name.lowerAscii() != b.name.lowerAscii()))",message="names must not differ only in case: Key Vault ignores case in names of secrets"
	Secrets []Secret `json:"secrets,omitempty"`

	// KeyVault configures the application's vault. The application has a vault even
	// without this field.
	// +optional
	KeyVault *KeyVault `json:"keyVault,omitempty"`

	// Autoscaling scales the number of pods with their CPU load.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`

	// Networking configures the traffic to the application.
	// +optional
	Networking *Networking `json:"networking,omitempty"`

	// Resources is accepted and ignored.
	// +optional
	Resources *apiextensionsv1.JSON `json:"resources,omitempty"`

	// WorkloadSelectors select the nodes that may run the pods: names of node labels, each
	// with one value or several values separated by commas, for example
	// kubernetes.io/architectures: "amd64,arm64". A value of another type is ignored.
	// +optional
	WorkloadSelectors *apiextensionsv1.JSON `json:"workloadSelectors,omitempty"`

	// ResourceRequirements is accepted and ignored.
	// +optional
	ResourceRequirements *apiextensionsv1.JSON `json:"resourceRequirements,omitempty"`

	// ManagedResources is accepted and ignored.
	// +optional
	ManagedResources *apiextensionsv1.JSON `json:"managedResources,omitempty"`

	// Rollouts is accepted and ignored.
	// +optional
	Rollouts *apiextensionsv1.JSON `json:"rollouts,omitempty"`
}

// Deployment is the workload of an application: one container, any number of pods.
type Deployment struct {
	// Image of the container, with its tag or digest.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="!self.matches('[[:space:]]')",message="must not contain blanks"
	Image string `json:"image"`

	// Replicas is the number of pods. Default: the platform's, else 1. With autoscaling,
	// it is the least number of pods unless autoscaling.minReplicas is set.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Replicas *int32 `json:"replicas,omitempty"`

	// Ports that the container listens on. A Service with the application's name publishes
	// them. Without ports, there is no Service.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:XValidation:rule="self.all(p, self.exists_one(q, q.port == p.port && (has(q.protocol) && q.protocol.lowerAscii() == 'udp') == (has(p.protocol) && p.protocol.lowerAscii() == 'udp')))",message="ports must not be listed twice; all protocols except udp count as tcp"
	// +kubebuilder:validation:XValidation:rule="self.all(p, !has(p.name) || self.exists_one(q, has(q.name) && q.name == p.name))",message="names of ports must not be used twice"
	Ports []Port `json:"ports,omitempty"`

	// Command replaces the image's entry point.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Command []string `json:"command,omitempty"`

	// Args are the arguments of the command, or of the image's entry point.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Args []string `json:"args,omitempty"`

	// Resources of the container.
	// +optional
	Resources *ResourceRequirements `json:"resources,omitempty"`

	// ReadinessProbe checks whether a pod may receive traffic.
	// +optional
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`

	// LivenessProbe checks whether a pod must be restarted.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.successThreshold) || self.successThreshold == 1",message="must be 1: Kubernetes allows no other value for a livenessProbe",fieldPath=".successThreshold"
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`

	// StartupProbe delays the other probes until it has succeeded once.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.successThreshold) || self.successThreshold == 1",message="must be 1: Kubernetes allows no other value for a startupProbe",fieldPath=".successThreshold"
	StartupProbe *Probe `json:"startupProbe,omitempty"`

	// ReadOnlyRootFilesystem prevents the container from writing to its root file system.
	// Default: false. A value of another type is ignored.
	// +optional
	ReadOnlyRootFilesystem *apiextensionsv1.JSON `json:"readOnlyRootFilesystem,omitempty"`

	// RestartOnSecretChange rolls the pods when a secret has a new version, so that they
	// get its values. Default: true.
	// +optional
	RestartOnSecretChange *bool `json:"restartOnSecretChange,omitempty"`
}

// Port is a port of the container and of the Service.
type Port struct {
	// Name of the port. Default: <protocol>-<port>, for example http-8080.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z](-?[a-z0-9])*$')",message="must be at most 15 lower-case letters, digits and single hyphens, begin with a letter and end with a letter or digit"
	Name string `json:"name,omitempty"`

	// Protocol of the application. Default: tcp.
	// +optional
	// +kubebuilder:validation:Enum=tcp;udp;http;https;http2;grpc;TCP;UDP;HTTP;HTTPS;HTTP2;GRPC
	Protocol string `json:"protocol,omitempty"`

	// Port is the port number.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`
}

// QuantityPattern matches quantities that are safe to parse. Kubernetes computes a power of
// ten of any size: an exponent of nine digits takes minutes, in the API server and in every
// program that reads the manifest.
const QuantityPattern = `^[+]?([0-9]{1,18}([.][0-9]{0,9})?|[.][0-9]{1,9})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$`

// ResourceRequirements are the requests and limits of a container. A fraction is written
// as 500m, or in quotes as "0.5".
//
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || ['cpu', 'memory'].all(r, !(r in self.requests) || !(r in self.limits) || !string(self.requests[r]).matches('^[+]?([0-9]{1,18}([.][0-9]{0,9})?|[.][0-9]{1,9})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$') || !string(self.limits[r]).matches('^[+]?([0-9]{1,18}([.][0-9]{0,9})?|[.][0-9]{1,9})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$') || quantity(string(self.requests[r])).compareTo(quantity(string(self.limits[r]))) <= 0)",message="requests of cpu and memory must not exceed their limits"
type ResourceRequirements struct {
	// Limits of the resources that the container can use.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.all(r, r in ['cpu', 'memory', 'ephemeral-storage'] || r.startsWith('hugepages-') || r.contains('/'))",message="resources must be cpu, memory, ephemeral-storage, hugepages-<size> or extended ones such as nvidia.com/gpu"
	Limits corev1.ResourceList `json:"limits,omitempty"`

	// Requests are the resources that Kubernetes reserves for the container.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.all(r, r in ['cpu', 'memory', 'ephemeral-storage'] || r.startsWith('hugepages-') || r.contains('/'))",message="resources must be cpu, memory, ephemeral-storage, hugepages-<size> or extended ones such as nvidia.com/gpu"
	Requests corev1.ResourceList `json:"requests,omitempty"`
}

// Probe checks the container, with an HTTP GET if it has a path, or by opening a TCP
// connection.
type Probe struct {
	// Port to connect to, 1 to 65535.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`

	// Path of an HTTP GET. Without it, the probe opens a TCP connection.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/')",message="must begin with /"
	Path string `json:"path,omitempty"`

	// Scheme of the HTTP GET. Default: HTTP.
	// +optional
	// +kubebuilder:validation:Enum=HTTP;HTTPS
	Scheme corev1.URIScheme `json:"scheme,omitempty"`

	// InitialDelaySeconds is the time before the first probe. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	InitialDelaySeconds *int32 `json:"initialDelaySeconds,omitempty"`

	// PeriodSeconds is the time between two probes. Default: 10.
	// +optional
	// +kubebuilder:validation:Minimum=1
	PeriodSeconds *int32 `json:"periodSeconds,omitempty"`

	// TimeoutSeconds is the time limit of one probe. Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`

	// SuccessThreshold is the number of consecutive successes after a failure. Default: 1,
	// the only value that Kubernetes allows for liveness and startup.
	// +optional
	// +kubebuilder:validation:Minimum=1
	SuccessThreshold *int32 `json:"successThreshold,omitempty"`

	// FailureThreshold is the number of consecutive failures. Default: 3.
	// +optional
	// +kubebuilder:validation:Minimum=1
	FailureThreshold *int32 `json:"failureThreshold,omitempty"`
}

// Secret is one Key Vault secret of the application.
//
// +kubebuilder:validation:XValidation:rule="!has(self.env) || !has(self.keys) || self.env.all(e, has(e.key))",message="env must name a key in every entry, because the secret has keys"
// +kubebuilder:validation:XValidation:rule="!has(self.env) || !has(self.keys) || self.env.all(e, !has(e.key) || e.key in self.keys)",message="env must use only keys that are listed in keys"
// +kubebuilder:validation:XValidation:rule="!has(self.env) || !has(self.prefix)",message="cannot be combined with env, because env lists exact names",fieldPath=".prefix"
type Secret struct {
	// Name of the secret in the Key Vault.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-zA-Z-]*$')",message="must be 1 to 127 letters, digits and hyphens: Key Vault allows nothing else"
	Name string `json:"name"`

	// Keys is the structure of the secret: the keys that must have values. If the platform
	// has enabled it, a missing secret is created with these keys. Default: the platform's
	// structure for a secret of this name, else none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=125
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[-._a-zA-Z0-9]*$')",message="must be 1 to 125 letters, digits, hyphens, underscores and dots"
	Keys []string `json:"keys,omitempty"`

	// Env injects exactly these variables. Without it, every key is injected, under a name
	// derived from the key. Names that can change which code runs or what it trusts, such
	// as PATH, require env.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Env []EnvVar `json:"env,omitempty"`

	// Prefix precedes the variable name of every key.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z_][A-Z0-9_]*$')",message="must be upper-case letters, digits and underscores, and not begin with a digit"
	Prefix string `json:"prefix,omitempty"`

	// Optional lets the workload start without this secret. Default: false.
	// +optional
	Optional bool `json:"optional,omitempty"`

	// Version pins the secret to one version. Default: the latest.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-f]{32}$')",message="must be the last part of the secret's identifier in Key Vault: 32 digits and letters from a to f"
	Version string `json:"version,omitempty"`

	// RefreshInterval is the shortest time between two syncs of changes of this secret, for
	// example 1h or 24h. Default: changes are synced at every poll.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self != '' && self.matches('^([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$')",message="must be a duration in hours, minutes and seconds, such as 24h, 30m or 1h30m"
	RefreshInterval string `json:"refreshInterval,omitempty"`

	// Format of the secret's value. Default: Auto, which uses the content type. Without a
	// content type, a JSON object and a private key with a certificate are recognized.
	// Anything else is plain text, including lines KEY=VALUE.
	// +optional
	// +kubebuilder:validation:Enum=Auto;JSON;Text;Dotenv;PEM;PKCS12
	Format string `json:"format,omitempty"`

	// Source is the vault of the secret. Default: the vault of the platform that shares a
	// secret of this name with this namespace, else the application's own. Own: always the
	// application's own.
	// +optional
	// +kubebuilder:validation:Enum=Default;Own
	Source SecretSource `json:"source,omitempty"`
}

// SecretSource is the vault of a secret.
type SecretSource string

// The sources of a secret.
const (
	// SourceDefault is a shared vault, if the platform shares a secret of this name.
	SourceDefault SecretSource = "Default"
	// SourceOwn is the application's own vault.
	SourceOwn SecretSource = "Own"
)

// EnvVar is a variable with the value of a key of a secret.
type EnvVar struct {
	// Name of the environment variable.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z_][A-Za-z0-9_]*$')",message="must be letters, digits and underscores, and not begin with a digit"
	Name string `json:"name"`

	// Key of the secret. Without it, the variable has the whole value of a plain-text
	// secret.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=125
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]*$')",message="must be 1 to 125 letters, digits, hyphens, underscores and dots"
	Key string `json:"key,omitempty"`
}

// DeletionPolicy defines what happens to a vault when its application is deleted.
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionRetain keeps the vault.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionSoftDelete deletes the vault; Azure keeps it recoverable.
	DeletionSoftDelete DeletionPolicy = "SoftDelete"
	// DeletionPurge deletes the vault and its secrets permanently.
	DeletionPurge DeletionPolicy = "Purge"
)

// KeyVault configures the application's vault.
type KeyVault struct {
	// Name of an existing vault to use instead of the application's own. The platform team
	// must have assigned that vault to this application.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z](-?[a-zA-Z0-9])*$')",message="must be letters, digits and single hyphens, begin with a letter and not end with a hyphen"
	Name string `json:"name,omitempty"`

	// DeletionPolicy defines what happens to the vault when the application is deleted:
	// Retain keeps it, SoftDelete deletes it so that it can be recovered, and Purge deletes
	// it permanently. Default: the platform's, else Retain.
	// +optional
	// +kubebuilder:validation:Enum=Retain;SoftDelete;Purge
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// SKU of the vault. Default: the platform's, else standard.
	// +optional
	// +kubebuilder:validation:Enum=standard;premium
	SKU string `json:"sku,omitempty"`

	// Officers may read and write the secrets of this vault, in addition to the
	// platform's officers. They get the role Key Vault Secrets Officer.
	// +optional
	// +listType=map
	// +listMapKey=objectId
	// +kubebuilder:validation:MaxItems=20
	Officers []Officer `json:"officers,omitempty"`
}

// Officer is a user, group or service principal that may write secrets.
type Officer struct {
	// ObjectID is the object id in Entra ID.
	// +kubebuilder:validation:MaxLength=320
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$')",message="must be the object id of a user, group or service principal in Entra ID: a UUID in lower case, not a name or an e-mail address"
	ObjectID string `json:"objectId"`

	// PrincipalType of the object. Default: Azure determines it.
	// +optional
	// +kubebuilder:validation:Enum=User;Group;ServicePrincipal
	PrincipalType string `json:"principalType,omitempty"`
}

// Autoscaling scales the number of pods with their CPU load.
//
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",message="must not be greater than maxReplicas",fieldPath=".minReplicas"
type Autoscaling struct {
	// Enabled turns on autoscaling. Default: false.
	// +optional
	Enabled bool `json:"enabled,omitempty"`

	// MinReplicas is the minimum number of pods. Default: deployment.replicas, else
	// the platform's number of replicas, else 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// MaxReplicas is the maximum number of pods. Default: the platform's, else 10, but at
	// least minReplicas.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// TargetCPUUtilizationPercentage is the target for the average CPU load of the pods,
	// as a percentage of the requested CPU. Default: 80.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	TargetCPUUtilizationPercentage *int32 `json:"targetCPUUtilizationPercentage,omitempty"`

	// Triggers of a KEDA ScaledObject, for example of type cron. They have no effect unless
	// the platform has KEDA. A value of another type is ignored.
	// +optional
	Triggers *apiextensionsv1.JSON `json:"triggers,omitempty"`
}

// Networking configures the traffic to the application.
type Networking struct {
	// Ingress publishes the application outside the cluster.
	// +optional
	Ingress *Ingress `json:"ingress,omitempty"`

	// Inbound lists the applications that may connect in services, each with {name,
	// namespace, port}. It has no effect unless the platform has network policies. Without
	// services, or with a value of another type, no application may connect.
	// +optional
	Inbound *apiextensionsv1.JSON `json:"inbound,omitempty"`

	// Outbound is accepted and ignored.
	// +optional
	Outbound *apiextensionsv1.JSON `json:"outbound,omitempty"`

	// CDN is accepted and ignored.
	// +optional
	CDN *apiextensionsv1.JSON `json:"cdn,omitempty"`
}

// Ingress publishes the application outside the cluster.
type Ingress struct {
	// Enabled creates the Ingress. Default: false.
	// +optional
	Enabled bool `json:"enabled,omitempty"`

	// Hostnames of the application. Default: <application>.<domain>, if the platform has a
	// domain.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be lower-case letters, digits, hyphens and dots, such as shop.example.com or *.example.com, without scheme, port and path"
	Hostnames []string `json:"hostnames,omitempty"`

	// Path prefix of requests to the application. Default: /.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/') && !self.matches('[[:space:]]')",message="must begin with / and must not contain blanks"
	Path string `json:"path,omitempty"`

	// Type of ingress: one of the platform's types or, if it has none, an IngressClass.
	// Default: the platform's default type.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$') || self == ''",message="must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit"
	Type string `json:"type,omitempty"`

	// OIDC requires visitors to log in, as configured by the platform: true, false or an
	// object whose enabled is true or false. With any other value, the Ingress is not
	// composed, because it could be public by mistake.
	// +optional
	OIDC *apiextensionsv1.JSON `json:"oidc,omitempty"`

	// Annotations of the Ingress.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	Annotations map[string]string `json:"annotations,omitempty"`
}

// PlatformApplicationStatus is the observed state of an application.
type PlatformApplicationStatus struct {
	// LandingZone whose settings the application uses. It is empty if the application uses
	// the platform's own. An application keeps its landing zone.
	// +optional
	LandingZone string `json:"landingZone,omitempty"`

	// KeyVault is the application's vault.
	// +optional
	KeyVault *KeyVaultStatus `json:"keyVault,omitempty"`

	// Identity is the application's workload identity.
	// +optional
	Identity *IdentityStatus `json:"identity,omitempty"`

	// SecretsSynced is the number of synced secrets and of all secrets, for example 3/4.
	// +optional
	SecretsSynced string `json:"secretsSynced,omitempty"`

	// Secrets has the state of each secret of the spec.
	// +optional
	// +listType=map
	// +listMapKey=name
	Secrets []SecretStatus `json:"secrets,omitempty"`

	// Environment describes the environment variables of the pods.
	// +optional
	Environment *EnvironmentStatus `json:"environment,omitempty"`
}

// KeyVaultStatus is the application's vault.
type KeyVaultStatus struct {
	// Name of the vault in Azure.
	// +optional
	Name string `json:"name,omitempty"`
	// URI of the vault, for example https://web-application-ab12.vault.azure.net/.
	// +optional
	URI string `json:"uri,omitempty"`
	// ResourceID of the vault in Azure Resource Manager.
	// +optional
	ResourceID string `json:"resourceId,omitempty"`
	// PortalURL opens the vault in the Azure portal.
	// +optional
	PortalURL string `json:"portalUrl,omitempty"`
	// RoleAssignments is Granted if the platform's officers have their role on a wider
	// scope than the vault. It is not set if they have it on the vault.
	// +optional
	RoleAssignments string `json:"roleAssignments,omitempty"`
}

// IdentityStatus is the application's workload identity.
type IdentityStatus struct {
	// Name of the user-assigned identity in Azure.
	// +optional
	Name string `json:"name,omitempty"`
	// ClientID of the identity.
	// +optional
	ClientID string `json:"clientId,omitempty"`
	// PrincipalID is the object id of the identity.
	// +optional
	PrincipalID string `json:"principalId,omitempty"`
	// ServiceAccountName is the ServiceAccount of the pods.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// SecretStatus is the state of one secret.
type SecretStatus struct {
	// Name of the secret in the vault.
	Name string `json:"name"`
	// State of the secret. Pending: not read yet. Revoked: the platform has revoked this shared secret.
	// +optional
	State string `json:"state,omitempty"`
	// Source is the entry of the platform's shared secrets that the secret comes from. It is
	// empty for a secret of the application's own vault.
	// +optional
	Source string `json:"source,omitempty"`
	// Message describes the problem and its solution.
	// +optional
	Message string `json:"message,omitempty"`
	// Version with the content that the pods get.
	// +optional
	Version string `json:"version,omitempty"`
	// UpdatedAt is the time of the last change of the secret in the vault.
	// +optional
	UpdatedAt *metav1.Time `json:"updatedAt,omitempty"`
	// NotBefore is the time from which the secret is valid. Key Vault serves it before that
	// time.
	// +optional
	NotBefore *metav1.Time `json:"notBefore,omitempty"`
	// ExpiresAt is the time when the secret expires.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
	// Env lists the variables from this secret, at most 200.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Env []string `json:"env,omitempty"`
}

// EnvironmentStatus describes the environment variables of the pods.
type EnvironmentStatus struct {
	// Variables is the number of variables, including those of config.
	// +optional
	Variables int32 `json:"variables,omitempty"`
	// Revision of the secrets of the pods. It is computed from versions, never from values.
	// +optional
	Revision string `json:"revision,omitempty"`
	// Shadowed lists keys that are not injected because another source has the same
	// variable name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Shadowed []ShadowedVariable `json:"shadowed,omitempty"`
	// Withheld lists keys that are not injected because a variable of that name can change
	// which code runs or what it trusts. To inject one, name it with env in spec.secrets.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Withheld []WithheldVariable `json:"withheld,omitempty"`
}

// MaxListed is the greatest number of variables in a list of the status. A person who can
// write values also chooses the number of keys, and must not make the object too large for
// the API server.
const MaxListed = 200

// WithheldVariable is a key that is not injected because a variable of that name requires
// env.
type WithheldVariable struct {
	// Name of the variable.
	Name string `json:"name"`
	// Secret with the key.
	Secret string `json:"secret"`
	// Key of that secret. It is empty for a plain-text secret, which has no keys.
	// +optional
	Key string `json:"key,omitempty"`
}

// ShadowedVariable is a key that is not injected because another source has the same
// variable name.
type ShadowedVariable struct {
	// Name of the variable.
	Name string `json:"name"`
	// Secret with the key.
	Secret string `json:"secret"`
	// Key of that secret. It is empty for a plain-text secret, which has no keys.
	// +optional
	Key string `json:"key,omitempty"`
	// By is the source of the variable: the name of a secret, or config. It is the same
	// secret if its keys collide; then none of them is injected.
	By string `json:"by"`
}
