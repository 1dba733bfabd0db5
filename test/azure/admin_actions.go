package azure

import (
	"net/http"
)

func (a *admin) postState(r *http.Request) (any, error) {
	var state State
	if err := read(r, &state); err != nil {
		return nil, err
	}

	return nil, a.server.Apply(state)
}

func (a *admin) putTenant(r *http.Request) (any, error) {
	return nil, a.server.PutTenant(r.PathValue("tenant"))
}

func (a *admin) putApplication(r *http.Request) (any, error) {
	var app Application
	if err := read(r, &app); err != nil {
		return nil, err
	}

	app.TenantID, app.ClientID = r.PathValue("tenant"), r.PathValue("client")

	return nil, a.server.PutApplication(app)
}

func (a *admin) deleteApplication(r *http.Request) (any, error) {
	return nil, found(a.server.DeleteApplication(r.PathValue("tenant"), r.PathValue("client")), "application")
}

func (a *admin) putCredential(r *http.Request) (any, error) {
	var c FederatedCredentialState
	if err := read(r, &c); err != nil {
		return nil, err
	}

	c.Name = r.PathValue("name")

	return nil, a.server.applyCredential(r.PathValue("tenant"), r.PathValue("client"), c)
}

func (a *admin) deleteCredential(r *http.Request) (any, error) {
	ok := a.server.DeleteFederatedCredential(r.PathValue("tenant"), r.PathValue("client"), r.PathValue("name"))

	return nil, found(ok, "federated credential")
}

func (a *admin) putIssuer(r *http.Request) (any, error) {
	var i IssuerState
	if err := read(r, &i); err != nil {
		return nil, err
	}

	return nil, a.server.PutIssuer(i.Issuer, i.JWKS)
}

func (a *admin) revoke(r *http.Request) (any, error) {
	a.server.RevokeTokens(r.PathValue("principal"))

	return nil, nil //nolint:nilnil // There is nothing to say.
}

func (a *admin) expire(r *http.Request) (any, error) {
	a.server.ExpireTokens(r.PathValue("principal"))

	return nil, nil //nolint:nilnil // There is nothing to say.
}

func (a *admin) putVault(r *http.Request) (any, error) {
	var v Vault
	if err := read(r, &v); err != nil {
		return nil, err
	}

	v.Name = r.PathValue("vault")

	return nil, a.server.PutVault(v)
}

func (a *admin) deleteVault(r *http.Request) (any, error) {
	return nil, a.server.DeleteVault(r.PathValue("vault"))
}

func (a *admin) recoverVault(r *http.Request) (any, error) {
	return nil, a.server.RecoverVault(r.PathValue("vault"))
}

func (a *admin) purgeVault(r *http.Request) (any, error) {
	return nil, a.server.PurgeVault(r.PathValue("vault"))
}

func (a *admin) listRoleAssignments(r *http.Request) (any, error) {
	return a.server.RoleAssignments(r.PathValue("vault"))
}

func (a *admin) putRoleAssignment(r *http.Request) (any, error) {
	var assignment RoleAssignmentState
	if err := read(r, &assignment); err != nil {
		return nil, err
	}

	assignment.ID = r.PathValue("id")

	return nil, a.server.PutRoleAssignment(r.PathValue("vault"), assignment.assignment())
}

func (a *admin) deleteRoleAssignment(r *http.Request) (any, error) {
	return nil, a.server.DeleteRoleAssignment(r.PathValue("vault"), r.PathValue("id"))
}

func (a *admin) listSecrets(r *http.Request) (any, error) {
	return a.server.Secrets(r.PathValue("vault"))
}

// SecretValue is the answer of the admin API that has a value in it.
type SecretValue struct {
	Value string `json:"value"`
}

func (a *admin) showSecret(r *http.Request) (any, error) {
	value, err := a.server.SecretValue(r.PathValue("vault"), r.PathValue("secret"), r.URL.Query().Get("version"))
	if err != nil {
		return nil, err
	}

	return SecretValue{Value: value}, nil
}

// A VersionID is the answer of the admin API that has the id of a new version.
type VersionID struct {
	Version string `json:"version"`
}

func (a *admin) putSecret(r *http.Request) (any, error) {
	var secret Secret
	if err := read(r, &secret); err != nil {
		return nil, err
	}

	id, err := a.server.PutSecret(r.PathValue("vault"), r.PathValue("secret"), secret)

	return VersionID{Version: id}, err
}

// TransitionTime is what the admin API is told deletions and recoveries of secrets take.
type TransitionTime struct {
	TransitionTime Duration `json:"transitionTime"`
}

func (a *admin) putTransitionTime(r *http.Request) (any, error) {
	var t TransitionTime
	if err := read(r, &t); err != nil {
		return nil, err
	}

	return nil, a.server.SetTransitionTime(r.PathValue("vault"), t.TransitionTime.std())
}

func (a *admin) deleteSecret(r *http.Request) (any, error) {
	return nil, a.server.DeleteSecret(r.PathValue("vault"), r.PathValue("secret"))
}

func (a *admin) enableSecret(disabled bool) action {
	return func(r *http.Request) (any, error) {
		return nil, a.server.DisableSecret(r.PathValue("vault"), r.PathValue("secret"), disabled)
	}
}

func (a *admin) recoverSecret(r *http.Request) (any, error) {
	return nil, a.server.RecoverSecret(r.PathValue("vault"), r.PathValue("secret"))
}

func (a *admin) purgeSecret(r *http.Request) (any, error) {
	return nil, a.server.PurgeSecret(r.PathValue("vault"), r.PathValue("secret"))
}

func (a *admin) putCertificate(r *http.Request) (any, error) {
	var c Certificate
	if err := read(r, &c); err != nil {
		return nil, err
	}

	id, err := a.server.PutCertificate(r.PathValue("vault"), r.PathValue("name"), c)

	return VersionID{Version: id}, err
}

func (a *admin) writes(r *http.Request) (any, error) {
	return a.server.Writes(r.PathValue("vault"), r.URL.Query().Get("secret"))
}

func (a *admin) putSubscription(r *http.Request) (any, error) {
	var sub Subscription
	if err := read(r, &sub); err != nil {
		return nil, err
	}

	sub.ID = r.PathValue("subscription")

	return nil, a.server.PutSubscription(sub)
}

func (a *admin) putResourceGroup(r *http.Request) (any, error) {
	var g ResourceGroup
	if err := read(r, &g); err != nil {
		return nil, err
	}

	g.Name = r.PathValue("group")

	return nil, a.server.PutResourceGroup(r.PathValue("subscription"), g)
}

func (a *admin) putScopedRoleAssignment(r *http.Request) (any, error) {
	var assignment ScopedRoleAssignment
	if err := read(r, &assignment); err != nil {
		return nil, err
	}

	return nil, a.server.PutScopedRoleAssignment(r.PathValue("subscription"), assignment)
}

func (a *admin) deleteScopedRoleAssignment(r *http.Request) (any, error) {
	var assignment ScopedRoleAssignment
	if err := read(r, &assignment); err != nil {
		return nil, err
	}

	return nil, found(a.server.DeleteScopedRoleAssignment(r.PathValue("subscription"), assignment), "role assignment")
}

// Members of a group.
type Members struct {
	Members []string `json:"members"`
}

func (a *admin) putGroup(r *http.Request) (any, error) {
	var m Members
	if err := read(r, &m); err != nil {
		return nil, err
	}

	a.server.PutGroup(r.PathValue("group"), m.Members...)

	return nil, nil //nolint:nilnil // There is nothing to say.
}

func (a *admin) putCluster(r *http.Request) (any, error) {
	var c Cluster
	if err := read(r, &c); err != nil {
		return nil, err
	}

	return nil, a.server.PutCluster(c)
}

func (a *admin) getDelays(*http.Request) (any, error) {
	d := a.server.Delays()

	return DelaysState{
		Principal: Duration(d.Principal), Credential: Duration(d.Credential), Role: Duration(d.Role), Vault: Duration(d.Vault),
	}, nil
}

func (a *admin) putDelays(r *http.Request) (any, error) {
	var d DelaysState
	if err := read(r, &d); err != nil {
		return nil, err
	}

	a.server.SetDelays(d.delays())

	return nil, nil //nolint:nilnil // There is nothing to say.
}

func (a *admin) listFaults(*http.Request) (any, error) {
	out := []FaultState{}
	for _, f := range a.server.Faults() {
		out = append(out, faultState(f))
	}

	return out, nil
}

// A FaultID is the answer of the admin API that has the id of a new fault.
type FaultID struct {
	ID string `json:"id"`
}

func (a *admin) postFault(r *http.Request) (any, error) {
	var f FaultState
	if err := read(r, &f); err != nil {
		return nil, err
	}

	id, err := a.server.AddFault(f.fault())

	return FaultID{ID: id}, err
}

func (a *admin) clearFaults(*http.Request) (any, error) {
	a.server.ClearFaults()

	return nil, nil //nolint:nilnil // There is nothing to say.
}

func (a *admin) deleteFault(r *http.Request) (any, error) {
	return nil, found(a.server.RemoveFault(r.PathValue("id")), "fault")
}

// Latency is what the admin API is told to delay every answer by.
type Latency struct {
	Latency Duration `json:"latency"`
}

func (a *admin) putLatency(r *http.Request) (any, error) {
	var l Latency
	if err := read(r, &l); err != nil {
		return nil, err
	}

	a.server.SetLatency(l.Latency.std())

	return nil, nil //nolint:nilnil // There is nothing to say.
}

func (a *admin) resetCounts(*http.Request) (any, error) {
	a.server.ResetCounts()

	return nil, nil //nolint:nilnil // There is nothing to say.
}
