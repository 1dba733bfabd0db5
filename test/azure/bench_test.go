package azure_test

import (
	"net/http"
	"testing"

	"github.com/p6m-dev/platform-application/test/azure"
)

// BenchmarkGet is what a warm read costs, on both sides of the connection.
func BenchmarkGet(b *testing.B) {
	w := newWorld(b)

	_, err := w.PutSecret(vault, "a", azure.Secret{Value: "x"})
	must(b, err)

	r := request{method: http.MethodGet, url: origin + "/secrets/a" + apiVersion, token: token(b, w.officer(b))}

	for b.Loop() {
		w.send(b, r)

		// So that there is no limit.
		w.clock.Move(10e6)
	}
}
