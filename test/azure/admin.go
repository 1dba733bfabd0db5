package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// maxAdminBody bounds the body of a request to the admin API.
	maxAdminBody = 8 << 20

	adminReadTimeout = 30 * time.Second
)

// admin serves the admin API.
type admin struct {
	server   *Server
	listener net.Listener
	http     *http.Server
	done     sync.WaitGroup
}

func startAdmin(ctx context.Context, address string, s *Server) (*admin, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the admin API: %w", err)
	}

	a := &admin{server: s, listener: listener}
	a.http = &http.Server{Handler: a.routes(), ReadHeaderTimeout: adminReadTimeout, ErrorLog: log.New(io.Discard, "", 0)}
	a.done.Go(func() { _ = a.http.Serve(listener) })

	return a, nil
}

func (a *admin) url() string { return "http://" + a.listener.Addr().String() }

func (a *admin) close() error {
	err := a.http.Close()

	a.done.Wait()

	if err != nil {
		return fmt.Errorf("cannot close the admin API: %w", err)
	}

	return nil
}

// An action answers a request with a value that becomes JSON, or nil, or an error.
type action func(r *http.Request) (any, error)

// errBadBody is why a body cannot be read.
var errBadBody = errors.New("cannot read the request body")

// routes are documented in the package's own documentation.
func (a *admin) routes() http.Handler {
	mux := http.NewServeMux()

	for pattern, do := range map[string]action{
		"GET /healthz": func(*http.Request) (any, error) { return map[string]string{"status": "ok"}, nil },
		"GET /env":     func(*http.Request) (any, error) { return a.server.Env(), nil },
		"POST /state":  a.postState,

		"PUT /tenants/{tenant}":                                                      a.putTenant,
		"PUT /tenants/{tenant}/applications/{client}":                                a.putApplication,
		"DELETE /tenants/{tenant}/applications/{client}":                             a.deleteApplication,
		"PUT /tenants/{tenant}/applications/{client}/federatedcredentials/{name}":    a.putCredential,
		"DELETE /tenants/{tenant}/applications/{client}/federatedcredentials/{name}": a.deleteCredential,
		"PUT /issuers":                                  a.putIssuer,
		"POST /principals/{principal}/revoke":           a.revoke,
		"POST /principals/{principal}/expire":           a.expire,
		"PUT /vaults/{vault}/transitiontime":            a.putTransitionTime,
		"GET /vaults":                                   func(*http.Request) (any, error) { return a.server.Vaults(), nil },
		"PUT /vaults/{vault}":                           a.putVault,
		"DELETE /vaults/{vault}":                        a.deleteVault,
		"POST /vaults/{vault}/recover":                  a.recoverVault,
		"POST /vaults/{vault}/purge":                    a.purgeVault,
		"GET /vaults/{vault}/roleassignments":           a.listRoleAssignments,
		"PUT /vaults/{vault}/roleassignments/{id}":      a.putRoleAssignment,
		"DELETE /vaults/{vault}/roleassignments/{id}":   a.deleteRoleAssignment,
		"GET /vaults/{vault}/secrets":                   a.listSecrets,
		"GET /vaults/{vault}/secrets/{secret}":          a.showSecret,
		"PUT /vaults/{vault}/secrets/{secret}":          a.putSecret,
		"DELETE /vaults/{vault}/secrets/{secret}":       a.deleteSecret,
		"POST /vaults/{vault}/secrets/{secret}/enable":  a.enableSecret(false),
		"POST /vaults/{vault}/secrets/{secret}/disable": a.enableSecret(true),
		"POST /vaults/{vault}/secrets/{secret}/recover": a.recoverSecret,
		"POST /vaults/{vault}/secrets/{secret}/purge":   a.purgeSecret,
		"POST /vaults/{vault}/certificates/{name}":      a.putCertificate,
		"GET /vaults/{vault}/writes":                    a.writes,

		"GET /subscriptions":                                       func(*http.Request) (any, error) { return a.server.Subscriptions(), nil },
		"PUT /subscriptions/{subscription}":                        a.putSubscription,
		"PUT /subscriptions/{subscription}/resourcegroups/{group}": a.putResourceGroup,
		"PUT /subscriptions/{subscription}/roleassignments":        a.putScopedRoleAssignment,
		"DELETE /subscriptions/{subscription}/roleassignments":     a.deleteScopedRoleAssignment,
		"PUT /groups/{group}":                                      a.putGroup,
		"PUT /clusters":                                            a.putCluster,
		"GET /delays":                                              a.getDelays,
		"PUT /delays":                                              a.putDelays,
		"GET /resources":                                           func(*http.Request) (any, error) { return a.server.ARMResources(), nil },
		"GET /resources/events":                                    func(*http.Request) (any, error) { return a.server.ARMEvents(), nil },

		"GET /faults":         a.listFaults,
		"POST /faults":        a.postFault,
		"DELETE /faults":      a.clearFaults,
		"DELETE /faults/{id}": a.deleteFault,
		"PUT /latency":        a.putLatency,
		"GET /counts":         func(*http.Request) (any, error) { return a.server.Counts(), nil },
		"DELETE /counts":      a.resetCounts,
	} {
		mux.Handle(pattern, serve(do))
	}

	return mux
}

// serve makes a handler of an action.
func serve(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A page in a browser can send simple requests to loopback, but it cannot send this header.
		if r.Method != http.MethodGet && r.Header.Get("Origin") != "" {
			reply(w, http.StatusForbidden, map[string]string{"error": "the admin API is not for browsers"})

			return
		}

		r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)

		out, err := do(r)

		switch {
		case errors.Is(err, ErrNotFound):
			reply(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		case errors.Is(err, errBadBody):
			reply(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		case err != nil:
			// All else is what Azure would refuse too.
			reply(w, http.StatusConflict, map[string]string{"error": err.Error()})
		case out == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			reply(w, http.StatusOK, out)
		}
	})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)

	data, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		return // The bodies are our own types, of strings and numbers.
	}

	_, _ = w.Write(append(data, '\n'))
}

// read reads the body of a request. An empty one is as good as {}.
func read(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errBadBody, err)
	}

	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}

	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errBadBody, err)
	}

	return nil
}

// found makes an error of what was not there.
func found(ok bool, what string) error {
	if ok {
		return nil
	}

	return fmt.Errorf("%s: %w", what, ErrNotFound)
}
