// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// namesOtherHosts reports whether the value of an annotation may name a host that is not
// allowed. Ingress controllers differ in how they parse values, so an ambiguous value
// counts as another host.
func namesOtherHosts(annotation, value string, allowed func(host string) bool) bool {
	if unreadable.MatchString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return true
	}
	value = strings.ToLower(value)
	isOther := func(host string) bool {
		host = strings.Trim(host, ".")
		return !isHostname(host) || !allowed(host)
	}
	if isListOfHosts(annotation) && value != "true" && value != "false" && slices.ContainsFunc(strings.FieldsFunc(value, isSeparator), isOther) {
		return true
	}

	return slices.ContainsFunc(authorities(value), isOther) || slices.ContainsFunc(hostsOf(value), isOther)
}

// unreadable matches text that can hide a host: escapes, user information, regular
// expressions, wildcards, variables, templates, and URLs that only browsers repair.
var unreadable = regexp.MustCompile("[\\\\@~*`{}\\[\\]]" + `|%[0-9a-fA-F]{2}|\$[a-zA-Z({]|[a-zA-Z0-9]:/([^/]|$)|(?i:https?|wss?|ftp):([^/]|$)`)

// namesOtherNamespace reports whether the value of an annotation names a Secret or a
// ConfigMap outside the namespace. Ingress controllers read them with their own permissions.
func namesOtherNamespace(annotation, value, namespace string) bool {
	name := strings.ToLower(annotation)
	if !slices.ContainsFunc([]string{"secret", "configmap", "headers"}, func(s string) bool { return strings.Contains(name, s) }) {
		return false
	}
	isItemEnd := func(r rune) bool { return isSeparator(r) || unicode.IsSpace(r) }

	return slices.ContainsFunc(strings.FieldsFunc(value, isItemEnd), func(item string) bool {
		own, found := strings.CutPrefix(strings.TrimPrefix(item, "secret://"), namespace+"/")
		return strings.Contains(item, "/") && (!found || strings.Contains(own, "/"))
	})
}

// isListOfHosts reports whether the value of an annotation has only hosts. In such a list, a
// word without a dot is a host, too.
func isListOfHosts(annotation string) bool {
	name := strings.ToLower(annotation[strings.LastIndexByte(annotation, '/')+1:])
	return slices.ContainsFunc([]string{"alias", "host", "domain"}, func(s string) bool { return strings.Contains(name, s) })
}

func isSeparator(r rune) bool { return r == ',' || r == ' ' || r == ';' }

// afterSlashes matches the text after two or more slashes: a host, and perhaps a port.
var afterSlashes = regexp.MustCompile(`//+([^/?# ,;"'<>()|]*)`)

// portSuffix matches the port after a host.
var portSuffix = regexp.MustCompile(`:[0-9]+$`)

// authorities returns the hosts of all URLs in a value, without their ports.
func authorities(value string) (hosts []string) {
	for _, m := range afterSlashes.FindAllStringSubmatch(value, -1) {
		hosts = append(hosts, portSuffix.ReplaceAllLiteralString(m[1], ""))
	}

	return hosts
}

// A word with a dot is a host, unless it is a number or a part of a path.
var (
	word    = regexp.MustCompile(`[a-z0-9._-]+`)
	number  = regexp.MustCompile(`^[0-9.]+[a-z]?$`)       // 1.5, 0.5s: no top-level domain has one letter.
	version = regexp.MustCompile(`\.[0-9]+$`)             // TLSv1.2: no top-level domain has digits only.
	length  = regexp.MustCompile(`^/[0-9]{1,3}($|[ ,;])`) // 10.0.0.0/8: a range of addresses.
)

// hostsOf returns the words of a value that can be hosts, and its addresses.
func hostsOf(value string) (hosts []string) {
	for _, item := range strings.FieldsFunc(value, isSeparator) {
		if a, err := netip.ParseAddr(item); err == nil && a.Is6() {
			hosts = append(hosts, item)
		}
	}
	for _, at := range word.FindAllStringIndex(value, -1) {
		w := strings.Trim(value[at[0]:at[1]], ".")
		_, err := netip.ParseAddr(w)
		switch {
		case !strings.Contains(w, "."):
		case at[0] > 0 && value[at[0]-1] == '/':
			// A part of a path, or of a URL, whose host authorities returns.
		case err == nil && length.MatchString(value[at[1]:]):
		case err != nil && (number.MatchString(w) || version.MatchString(w)):
		default:
			hosts = append(hosts, w)
		}
	}

	return hosts
}
