package azure

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is written as in Go, such as 30s, in JSON and YAML.
type Duration time.Duration

// MarshalText writes it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("cannot read a duration: %w", err)
	}

	*d = Duration(parsed)

	return nil
}

func (d Duration) std() time.Duration { return time.Duration(d) }
