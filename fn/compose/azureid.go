// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import "strings"

// subscription returns the subscription of an Azure resource id.
func subscription(id string) string {
	segments := strings.Split(id, "/")
	if len(segments) < 3 || !strings.EqualFold(segments[1], "subscriptions") {
		return ""
	}

	return segments[2]
}

// resourceGroup returns the resource group of an Azure resource id.
func resourceGroup(id string) string {
	segments := strings.Split(id, "/")
	for i, s := range segments {
		if strings.EqualFold(s, "resourceGroups") && i+1 < len(segments) {
			return segments[i+1]
		}
	}

	return ""
}

// lastSegment returns the name of the resource with an Azure resource id.
func lastSegment(id string) string {
	return id[strings.LastIndexByte(id, '/')+1:]
}
