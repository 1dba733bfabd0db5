package keyvault

import (
	"net/http"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/fault"
)

// A route is what a request is for.
type route struct {
	// operation is fault.Unknown if there is none for the path and method.
	operation string

	// allow are the methods that the path has, or empty if there is no such path.
	allow string

	// name and version of the secret, as the client spelled them.
	name    string
	version string
}

// parseRoute reads the method and the path of a request.
func parseRoute(method, path string) route {
	collection, rest, below := strings.Cut(strings.TrimPrefix(path, "/"), "/")

	switch collection {
	case "secrets":
		if !below {
			return choose(method, route{}, map[string]string{http.MethodGet: fault.List})
		}

		return secretRoute(method, rest)
	case "deletedsecrets":
		if !below {
			return choose(method, route{}, map[string]string{http.MethodGet: fault.ListDeleted})
		}

		return deletedRoute(method, rest)
	case "certificates":
		if rest != "contacts" {
			return route{operation: fault.Unknown}
		}

		return choose(method, route{}, map[string]string{http.MethodGet: fault.GetContacts})
	default:
		return route{operation: fault.Unknown}
	}
}

// secretRoute reads what follows /secrets/.
func secretRoute(method, rest string) route {
	name, version, below := strings.Cut(rest, "/")
	r := route{name: name}

	switch {
	case name == "" || strings.Contains(version, "/"):
		return route{operation: fault.Unknown}
	case !below && name == "restore" && method == http.MethodPost:
		return route{operation: fault.Restore}
	case !below:
		return choose(method, r, map[string]string{
			http.MethodGet: fault.Get, http.MethodPut: fault.Set, http.MethodDelete: fault.Delete,
		})
	case version == "":
		// Clients ask for the latest version so.
		return choose(method, r, map[string]string{http.MethodGet: fault.Get})
	case version == "versions":
		return choose(method, r, map[string]string{http.MethodGet: fault.ListVersions})
	case version == "backup":
		return choose(method, r, map[string]string{http.MethodPost: fault.Backup})
	default:
		r.version = version

		return choose(method, r, map[string]string{http.MethodGet: fault.Get, http.MethodPatch: fault.Update})
	}
}

// deletedRoute reads what follows /deletedsecrets/.
func deletedRoute(method, rest string) route {
	name, action, below := strings.Cut(rest, "/")

	switch {
	case name == "":
		return route{operation: fault.Unknown}
	case !below:
		return choose(method, route{name: name}, map[string]string{http.MethodGet: fault.GetDeleted, http.MethodDelete: fault.Purge})
	case action == "recover":
		return choose(method, route{name: name}, map[string]string{http.MethodPost: fault.Recover})
	default:
		return route{operation: fault.Unknown}
	}
}

// choose completes a route with the operation that a path has for a method.
func choose(method string, r route, operations map[string]string) route {
	r.operation = operations[method]
	if r.operation != "" {
		return r
	}

	r.operation = fault.Unknown

	for _, m := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if operations[m] == "" {
			continue
		}

		if r.allow != "" {
			r.allow += ", "
		}

		r.allow += m
	}

	return r
}
