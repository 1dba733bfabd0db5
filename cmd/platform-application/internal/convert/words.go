// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import "github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"

// Codes about objects of the External Secrets Operator.
const (
	StoreMissing         Code = "StoreMissing"
	StoreWithoutProvider Code = "StoreWithoutProvider"
	StoreOfOtherProvider Code = "StoreOfOtherProvider"
	StoreURLUnreadable   Code = "StoreURLUnreadable"
	StoreURLInvalid      Code = "StoreURLInvalid"
	CreationPolicy       Code = "CreationPolicy"
	DeletionPolicy       Code = "DeletionPolicy"
	Immutable            Code = "Immutable"
	Template             Code = "Template"
	NotRefreshed         Code = "NotRefreshed"
	IntervalInvalid      Code = "IntervalInvalid"
	Generator            Code = "Generator"
	Find                 Code = "Find"
	ExtractMissing       Code = "ExtractMissing"
	Rewrite              Code = "Rewrite"
	NestedProperty       Code = "NestedProperty"
	QueryProperty        Code = "QueryProperty"
	DottedProperty       Code = "DottedProperty"
	PublicKey            Code = "PublicKey"
	Certificate          Code = "Certificate"
	TagsNotRead          Code = "TagsNotRead"
	DecodingStrategy     Code = "DecodingStrategy"
	ConversionStrategy   Code = "ConversionStrategy"
	SecretNameInvalid    Code = "SecretNameInvalid"
	VersionInvalid       Code = "VersionInvalid"
	TwoVersions          Code = "TwoVersions"
	VersionNotCopied     Code = "VersionNotCopied"
	PushSecret           Code = "PushSecret"
	OperatorObject       Code = "OperatorObject"
)

// Codes about Secrets.
const (
	TwoSources     Code = "TwoSources"
	TwoPlaces      Code = "TwoPlaces"
	TheCluster     Code = "TheCluster"
	AVault         Code = "AVault"
	SecretType     Code = "SecretType"
	NameTooLong    Code = "NameTooLong"
	NameTaken      Code = "NameTaken"
	NameChanged    Code = "NameChanged"
	NotText        Code = "NotText"
	KeyInvalid     Code = "KeyInvalid"
	KeyEmpty       Code = "KeyEmpty"
	NoKeys         Code = "NoKeys"
	SecretTooLarge Code = "SecretTooLarge"
	TooManyKeys    Code = "TooManyKeys"
	TooManySecrets Code = "TooManySecrets"
	OtherUser      Code = "OtherUser"
)

// Codes about variables.
const (
	SecretMissing        Code = "SecretMissing"
	SecretUnused         Code = "SecretUnused"
	NoWorkload           Code = "NoWorkload"
	PrefixInvalid        Code = "PrefixInvalid"
	TwoPrefixes          Code = "TwoPrefixes"
	VariableRenamed      Code = "VariableRenamed"
	VariableInvalid      Code = "VariableInvalid"
	VariableDropped      Code = "VariableDropped"
	TooManyVariables     Code = "TooManyVariables"
	PlainText            Code = "PlainText"
	ConfigMapMissing     Code = "ConfigMapMissing"
	ConfigMapKeyMissing  Code = "ConfigMapKeyMissing"
	FieldReference       Code = "FieldReference"
	KeyAmbiguous         Code = "KeyAmbiguous"
	KeyMissing           Code = "KeyMissing"
	ReferenceNotExpanded Code = "ReferenceNotExpanded"
	WholeAndByKey        Code = "WholeAndByKey"
	OptionalAndRequired  Code = "OptionalAndRequired"
	AllKeys              Code = "AllKeys"
	EnvOmitted           Code = "EnvOmitted"
)

// Codes about the Deployment and all other objects.
const (
	NoContainers       Code = "NoContainers"
	OtherContainer     Code = "OtherContainer"
	PortNotConverted   Code = "PortNotConverted"
	PortTwice          Code = "PortTwice"
	PortNameInvalid    Code = "PortNameInvalid"
	ServiceCreated     Code = "ServiceCreated"
	ProbeHeaders       Code = "ProbeHeaders"
	ProbeKind          Code = "ProbeKind"
	ProbeGracePeriod   Code = "ProbeGracePeriod"
	ProbePort          Code = "ProbePort"
	SecretVolume       Code = "SecretVolume"
	OtherVolume        Code = "OtherVolume"
	MountedAt          Code = "MountedAt"
	NotMounted         Code = "NotMounted"
	FieldNotConverted  Code = "FieldNotConverted"
	ObjectReplaced     Code = "ObjectReplaced"
	ObjectNotConverted Code = "ObjectNotConverted"
	TwoDeployments     Code = "TwoDeployments"
	TwoNamespaces      Code = "TwoNamespaces"
	TwoVaults          Code = "TwoVaults"
	NameInvalid        Code = "NameInvalid"
	SameName           Code = "SameName"
)

// Codes of steps besides the manifest.
const (
	AssignVault Code = "AssignVault"
	CopySecrets Code = "CopySecrets"
	StoreValues Code = "StoreValues"
)

// Codes of errors, after which there is no manifest.
const (
	NothingToConvert   Code = "NothingToConvert"
	DocumentUnreadable Code = "DocumentUnreadable"
	DocumentNotYAML    Code = "DocumentNotYAML"
	LineNotYAML        Code = "LineNotYAML"
	TemplateNotYAML    Code = "TemplateNotYAML"
	NotAnObject        Code = "NotAnObject"
	NestedList         Code = "NestedList"
	TooManyObjects     Code = "TooManyObjects"
	FieldOfWrongType   Code = "FieldOfWrongType"
)

// headings of the parts of a report.
//
//nolint:gochecknoglobals // A constant.
var headings = map[Part]string{
	Review: "Not converted, or may behave differently. Review:",
	Notes:  "Good to know:",
	Steps:  "Before you use the manifest:",
}

// words of a code: the part of the report that it belongs to, and its sentence. Errors,
// and parts of sentences, are in no part.
type words struct {
	part     Part
	sentence sentence.Template
}

// table of all codes. {name} is a parameter, and {name:q} one in quotes.
//
//nolint:gochecknoglobals // A constant.
var table = map[Code]words{
	StoreMissing:         {Review, "{kind} {name} is not among the manifests, so its vault is unknown. Add it."},
	StoreWithoutProvider: {Review, "the store has no provider; only azurekv is converted. Copy its secrets into the application's vault by hand."},
	StoreOfOtherProvider: {Review, "the store's provider is {providers}, not azurekv. Copy its secrets into the application's vault by hand."},
	StoreURLUnreadable:   {Review, "vaultUrl cannot be read. Correct it."},
	StoreURLInvalid:      {Review, "vaultUrl is not the address of a vault, such as https://name.vault.azure.net. Correct it."},
	CreationPolicy:       {Review, "creationPolicy {policy}: the provider owns the application's Secret and writes all of it. Move the other keys of Secret {secret} as well."},
	DeletionPolicy:       {Review, "deletionPolicy {policy}: when a secret is deleted from the vault, its keys keep the last good value. Check that nothing depends on their removal."},
	Immutable:            {Review, "immutable: the application's Secret follows the vault. To freeze it, pin each secret with version."},
	Template:             {Review, "target.template: templates are not supported. Combine values in spec.config with $(NAME), or store the finished text as a secret."},
	NotRefreshed:         {Review, "the ExternalSecret is not refreshed, but the application follows the vault. To freeze it, pin each secret with version."},
	IntervalInvalid:      {Review, "refreshInterval is not a whole number of seconds. Set it by hand."},
	Generator:            {Review, "generatorRef: generators are not supported. Generate the value, and store it in the vault."},
	Find:                 {Review, "find: secrets are listed by name. Add the secrets that it finds to spec.secrets."},
	ExtractMissing:       {Review, "the entry has no extract and is not converted."},
	Rewrite:              {Review, "rewrite: keys are not renamed by rules. List secret {secret} with env, which sets names."},
	NestedProperty:       {Review, "property {property}: only the top level of a secret has keys. Store that part as a separate secret."},
	QueryProperty:        {Review, "property {property} is a query, not the name of a key. Store its result under a key of the top level."},
	DottedProperty:       {Review, "property {property} is used as the name of a key. If it is a path into a nested object, store that value under a key of the top level."},
	PublicKey:            {Review, "{key} is the public part of a key, and only secrets are read. Store it as a secret or in spec.config."},
	Certificate:          {Review, "{key} is a certificate without its private key. List the secret of the same name, which gives TLS_CRT, TLS_KEY and CA_CRT."},
	TagsNotRead:          {Review, "metadataPolicy Fetch: tags of a secret are not read. Copy them into spec.config."},
	DecodingStrategy:     {Review, "decodingStrategy {strategy}: values are not decoded. Store the decoded text."},
	ConversionStrategy:   {Review, "conversionStrategy {strategy}: keys are not renamed by rules. Rename them in the vault."},
	SecretNameInvalid:    {Review, "key {key:q} is not the name of a Key Vault secret, which has up to 127 letters, digits and hyphens. Correct it."},
	VersionInvalid:       {Review, "version {version:q} is not the version of a Key Vault secret, which has 32 hexadecimal digits. Correct it."},
	TwoVersions:          {Review, "secret {secret} is used in two versions, but can be listed in only one. Store the other version under another name."},
	VersionNotCopied:     {Review, "version {version} exists only in vault {vault}. Replace it with the version of the copy, or remove it."},
	PushSecret:           {Review, "PushSecret: the application writes nothing into the vault. Store the value in the vault where it is created."},
	OperatorObject:       {Review, "{apiVersion} {kind} has no counterpart. Store its values in the vault by hand."},

	TwoSources:     {Review, "Secret {secret} is also defined by {source}. If both have a key, only one is converted."},
	TwoPlaces:      {Review, "secret {secret} comes from {first} and from {second}, but a vault has only one secret of that name. Rename one of them."},
	TheCluster:     {"", "the cluster"},
	AVault:         {"", "vault {vault}"},
	SecretType:     {Review, "a Secret of type {type} does not provide environment variables and is not converted."},
	NameTooLong:    {Review, "the name is longer than {limit} characters, the limit of Key Vault. Rename the Secret."},
	NameTaken:      {Review, "in Key Vault the secret would be named {name}, as Secret {secret} is, and is not converted. Rename one of the two Secrets."},
	NameChanged:    {Notes, "names in Key Vault have only letters, digits and hyphens. The secret is named {name} there."},
	NotText:        {Review, "key {key} is not text, so it cannot become a variable. Remove or encode it."},
	KeyInvalid:     {Review, "key {key:q} is longer than {limit} characters, or has characters other than letters, digits, hyphens, underscores and dots. Rename it."},
	KeyEmpty:       {Review, "key {key} is empty, so the application would wait for it. Give it a value, or remove it from keys."},
	NoKeys:         {Review, "the Secret has no keys."},
	SecretTooLarge: {Review, "the values are larger than 25 KB, the limit of a Key Vault secret. Split the Secret."},
	TooManyKeys:    {Review, "the Secret has more than {limit} keys. Split it."},
	TooManySecrets: {Review, "there are more than {limit} secrets, which is the limit. Combine some of them."},
	OtherUser:      {Review, "this object also uses Secret {secret}. Keep {source} until it has moved as well: the application's own Secret has another name and other keys."},

	SecretMissing:        {Review, "Secret {secret} is not among the manifests. Add it, or the ExternalSecret that creates it."},
	SecretUnused:         {Review, "the container gets no variable from Secret {secret}, so the manifest does not list it. Check whether the application needs it, for example as a mounted file."},
	NoWorkload:           {Review, "no workload that uses Secret {secret} is among the manifests. Its variables are named after its keys, as with envFrom. Add the Deployment, or compare the names."},
	PrefixInvalid:        {Review, "prefix {prefix:q} for all keys of secret {secret} is invalid: a prefix has upper-case letters, digits and underscores. List the keys with env."},
	TwoPrefixes:          {Review, "prefix {prefix:q} for all keys of secret {secret} is a second one, but a secret can have only one prefix. List the keys with env."},
	VariableRenamed:      {Review, "variable {variable} becomes {name}, because a name has only letters, digits and underscores. Change your code."},
	VariableInvalid:      {Review, "variable {variable} is not converted, because a name has only letters, digits, underscores, dots and hyphens."},
	VariableDropped:      {Review, "variable {variable} from key {key} of secret {secret} is not converted, because the secret is listed without env, so that all its keys become variables."},
	TooManyVariables:     {Review, "more than {limit} variables come from secret {secret}, which is the limit of env. Split the secret."},
	PlainText:            {Notes, "{variable} is plain text in the manifest. If it is a secret, store it in the vault, and list it in spec.secrets."},
	ConfigMapMissing:     {Review, "ConfigMap {configMap} is not among the manifests. Add it, or copy it into spec.config."},
	ConfigMapKeyMissing:  {Review, "key {key} of ConfigMap {configMap} is not among the manifests. Add it, or set the variable in spec.config."},
	FieldReference:       {Review, "fields of the pod and its resources cannot become variables. Change the code so that it does not need them."},
	KeyAmbiguous:         {Review, "key {key} may come from any of the secrets {secrets}. Add it to env of the secret that has it."},
	KeyMissing:           {Review, "{source} has no key {key}, so the variable is not converted. Unless it is optional, the pod cannot start today either."},
	ReferenceNotExpanded: {Review, "$({variable}) is not expanded, because config is sorted by name. Write out the value, or rename one of the two variables."},
	WholeAndByKey:        {Review, "secret {secret} is used as a whole and by key. The manifest lists it by key. Store the whole value as a separate secret."},
	OptionalAndRequired:  {Notes, "secret {secret} is optional in one place and required in another. The manifest requires it."},
	AllKeys:              {Review, "every key of secret {secret} becomes a variable in upper case, for example clientId becomes CLIENT_ID. Check which keys it has. List keys with env if your code reads other names, or a name that is withheld without env, such as HTTPS_PROXY."},
	EnvOmitted:           {Notes, "secret {secret} is listed without env, because its keys have the names of the variables. Any other keys that it has also become variables."},

	NoContainers:       {Review, "the Deployment has no containers."},
	OtherContainer:     {Review, "container {container} is not converted: an application has one container, here {converted}. Remove the others, or make them separate applications."},
	PortNotConverted:   {Review, "port {port} is not converted: SCTP and ports of the node are not supported."},
	PortTwice:          {Review, "port {port} is listed twice. The second one, {name:q}, is not converted."},
	PortNameInvalid:    {Review, "the name {name:q} of port {port} is not converted: a name here begins with a letter. Choose another name if others use it."},
	ServiceCreated:     {Notes, "the application gets a Service with the ports of the container. An Ingress needs a port whose protocol is http."},
	ProbeHeaders:       {Review, "headers and host are not converted."},
	ProbeKind:          {Review, "only HTTP and TCP probes are supported. Let the container answer at a path."},
	ProbeGracePeriod:   {Review, "terminationGracePeriodSeconds is not converted."},
	ProbePort:          {Review, "port {port:q} is not a port of the container, so the probe is not converted."},
	SecretVolume:       {Review, "the volume of Secret {secrets}, {mounts}, is not converted: secrets become variables, not files. Read the variables, or keep your Deployment and mount the application's Secret."},
	OtherVolume:        {Review, "the volume, {mounts}, is not converted: volumes are not supported."},
	MountedAt:          {"", "mounted at {paths}"},
	NotMounted:         {"", "mounted nowhere"},
	FieldNotConverted:  {Review, "{field} is not converted."},
	ObjectReplaced:     {Review, "the {kind} is not converted. The application gets a {kind} of its own if ports, autoscaling or networking.ingress ask for it, and always a ServiceAccount. Compare them."},
	ObjectNotConverted: {Review, "{apiVersion} {kind} is not converted."},
	TwoDeployments:     {Review, "an application has one Deployment. Convert one at a time, or choose one with --name."},
	TwoNamespaces:      {Review, "an application is in one namespace. Convert one namespace at a time."},
	TwoVaults:          {Review, "an application has one vault. Convert with --own-vault, and copy the secrets of all vaults into the new one."},
	NameInvalid:        {Review, "{name:q} cannot be the name of an application, which has lower-case letters, digits and hyphens, starts with a letter, and is not \"default\". Choose another with --name."},
	SameName:           {Notes, "the application has the name of this Deployment, and so will its own Deployment, Service and ServiceAccount. To run both side by side, choose another name with --name."},

	AssignVault: {Steps, "Ask your platform team to assign vault {vault} to this application (keyVault.assigned). The vault must use Azure role-based access control, and the application can read all of it. The name cannot be set later."},
	CopySecrets: {Steps, "Copy the secrets when the new vault exists; its name is status.keyVault.name:\ncopy-secrets.sh {vault:sh} \"$VAULT\" {secrets:sh}"},
	StoreValues: {Steps, `Store the values of Secret {secret} in the vault, whose name is status.keyVault.name. No value is shown:
(umask 077; kubectl get secret {source:sh} --output json | jq '.data | map_values(@base64d)' > {name:sh}.json)
az keyvault secret set --vault-name "$VAULT" --name {name:sh} --content-type application/json --file {name:sh}.json --encoding utf-8 --output none
rm {name:sh}.json`},

	NothingToConvert:   {"", "cannot convert: there is no ExternalSecret, Secret or Deployment; add their manifests"},
	DocumentUnreadable: {"", "cannot read document {document}"},
	DocumentNotYAML:    {"", "cannot read document {document}: it is not valid YAML"},
	TemplateNotYAML:    {"", "cannot read document {document}: it is a template, with {{; render it first, for example with helm template"},
	LineNotYAML:        {"", "cannot read document {document}: it is not valid YAML, see its line {line}"},
	NotAnObject:        {"", "cannot read {document}: it is not a Kubernetes object, which has apiVersion, kind and metadata"},
	NestedList:         {"", "cannot read {document}: it is a list in a list"},
	TooManyObjects:     {"", "cannot convert more than {limit} objects at once: convert one application at a time"},
	FieldOfWrongType:   {"", "cannot read {object}: one of its fields has the wrong type; find it with kubectl apply --dry-run=server"},
}
