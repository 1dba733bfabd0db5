package keyvault

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

// scopes are role assignments on resource groups and subscriptions, which vaults in them inherit.
type scopes struct {
	// some says whether there are any, so that the usual request takes no lock.
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

// Inherit assigns a role on all vaults whose resource id begins with the scope: those of a resource group or of a
// subscription, now and later.
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

// Disinherit removes a role assignment on a scope, and says whether there was one.
func (s *Store) Disinherit(scope, id string) bool {
	s.above.mu.Lock()
	defer s.above.mu.Unlock()

	key := strings.ToLower(scope) + "/" + id
	_, ok := s.above.assignments[key]

	delete(s.above.assignments, key)

	return ok
}
