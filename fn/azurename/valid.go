package azurename

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Which part of Azure's rule for the name of a vault is broken, in words that
// go after the path of a field.
const (
	errLength     = "must be 3 to 24 characters long"
	errCharacters = "must contain only letters (a-z, A-Z), digits and hyphens"
	errStart      = "must start with a letter"
	errEnd        = "must end with a letter or digit"
	errHyphens    = "must not contain two hyphens in a row"
)

// ValidVault says whether a name satisfies Azure's rule for the name of a Key
// Vault. The error names the first part of the rule that is broken, and reads
// on from the path of a field: `spec.keyVault.name must start with a letter`.
//
// Words that Azure reserves are not looked for: whoever names a vault means one
// that exists, which Azure has accepted.
func ValidVault(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 3 || n > maxVault {
		return errors.New(errLength)
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && c != '-' {
			return errors.New(errCharacters)
		}
	}
	if !isLetter(name[0]) {
		return errors.New(errStart)
	}
	if name[len(name)-1] == '-' {
		return errors.New(errEnd)
	}
	if strings.Contains(name, "--") {
		return errors.New(errHyphens)
	}
	return nil
}
