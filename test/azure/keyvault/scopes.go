package keyvault

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

// scopes are role assignments on resource groups and subscriptions, which their vaults inherit.
type scopes struct {
	// some tells whether there are assignments, so that a request takes no lock if there are none.
	some atomic.Bool

	mu          sync.RWMutex
	assignments map[string]scoped
}

type scoped struct {
	assignment

	// scope in lower case.
	scope string
}

// on returns the assignments that a resource inherits.
func (s *scopes) on(resourceID string) []assignment {
	if !s.some.Load() {
		return nil
	}

	s.mu.RLock()
	defer s.mu.RUnlock()

	var out []assignment

	for _, a := range s.assignments {
		if strings.HasPrefix(strings.ToLower(resourceID)+"/", a.scope+"/") {
			out = append(out, a.assignment)
		}
	}

	return out
}

// Inherit assigns a role on all present and future vaults below a scope, which is a resource group or a subscription.
func (s *Store) Inherit(scope string, a RoleAssignment) error {
	role, err := roleID(a.Role)
	if err != nil {
		return fmt.Errorf("cannot assign a role on %q: %w", scope, err)
	}

	principal, err := uuid.Parse(a.PrincipalID)
	if err != nil {
		return fmt.Errorf("cannot assign a role on %q: the principal id %q is not a GUID", scope, a.PrincipalID)
	}

	a.PrincipalID = principal.String()

	s.above.mu.Lock()
	defer s.above.mu.Unlock()

	if s.above.assignments == nil {
		s.above.assignments = map[string]scoped{}
	}

	s.above.assignments[strings.ToLower(scope)+"/"+a.ID] = scoped{
		assignment: assignment{RoleAssignment: a, role: role, from: s.now().Add(a.Delay)}, scope: strings.ToLower(scope),
	}
	s.above.some.Store(true)

	return nil
}

// Disinherit removes a role assignment on a scope, and tells whether there was one.
func (s *Store) Disinherit(scope, id string) bool {
	s.above.mu.Lock()
	defer s.above.mu.Unlock()

	key := strings.ToLower(scope) + "/" + id
	_, ok := s.above.assignments[key]

	delete(s.above.assignments, key)

	return ok
}
