// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"log/slog"

	"k8s.io/klog/v2"
)

// A logSink passes what the client libraries log on to the kubelet's log.
type logSink struct{ log *slog.Logger }

var _ klog.LogSink = logSink{}

// Init does nothing: where a message comes from is not told.
func (logSink) Init(klog.RuntimeInfo) {}

// Enabled for levels that are not for developers only.
func (logSink) Enabled(level int) bool { return level == 0 }

// Info that may be worth knowing.
func (s logSink) Info(_ int, message string, keysAndValues ...any) {
	s.log.Debug(message, keysAndValues...)
}

// Error of a watch or an event, which is tried again.
func (s logSink) Error(err error, message string, keysAndValues ...any) {
	s.log.Warn(message, append(keysAndValues, "error", err)...)
}

// WithValues adds to all messages.
func (s logSink) WithValues(keysAndValues ...any) klog.LogSink {
	return logSink{log: s.log.With(keysAndValues...)}
}

// WithName names the part of the program.
func (s logSink) WithName(name string) klog.LogSink {
	return logSink{log: s.log.With("logger", name)}
}
