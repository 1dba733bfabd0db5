// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"net/http"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// set creates a version of a secret.
func (c *call) set() wire.Answer {
	var sent struct {
		properties

		Value *string `json:"value"`
	}

	if answer := decode(c.body, &sent); answer != nil {
		return *answer
	}

	if sent.Value == nil {
		return badParameter("The request body is missing the required property 'value'.")
	}

	if len(*sent.Value) > maxValue {
		return badParameter("Property value has invalid value: it is longer than %d bytes.", maxValue)
	}

	if answer := sent.validate(); answer != nil {
		return *answer
	}

	v := c.vault
	if answer := v.busy(c.name); answer != nil {
		return *answer
	}

	if v.deletedSecrets[lower(c.name)] != nil {
		return nameBlocked(c.name)
	}

	s := v.secrets[lower(c.name)]
	if s != nil && s.managed {
		return managedSecret("set")
	}

	ver := &version{id: newVersion(), value: *sent.Value, enabled: true, created: c.now.Unix(), updated: c.now.Unix()}
	sent.apply(ver)

	s = v.add(c.name, ver)
	c.wrote(s.name, ver.id)

	return wire.JSON(http.StatusOK, v.bundle(s, ver))
}

// add gives a secret a version, and makes the secret if it is new.
func (v *vault) add(name string, ver *version) *secret {
	s := v.secrets[lower(name)]
	if s == nil {
		s = &secret{name: name}
		v.secrets[lower(name)] = s
	}

	s.versions = append(s.versions, ver)

	return s
}

// update changes the properties of a version, but not its value.
func (c *call) update() wire.Answer {
	var sent properties

	if answer := decode(c.body, &sent); answer != nil {
		return *answer
	}

	if answer := sent.validate(); answer != nil {
		return *answer
	}

	s, ver := c.find()
	if ver == nil {
		return notFound(c.id())
	}

	if s.managed && sent.ContentType != nil {
		return managedSecret("update")
	}

	sent.apply(ver)
	ver.updated = c.now.Unix()
	c.wrote(s.name, ver.id)

	return wire.JSON(http.StatusOK, c.vault.properties(s, ver))
}

// delete deletes a secret so that it can be recovered.
func (c *call) delete() wire.Answer {
	v := c.vault
	if answer := v.busy(c.name); answer != nil {
		return *answer
	}

	s := v.secrets[lower(c.name)]
	if s == nil {
		return notFound(c.name)
	}

	if s.managed && !c.officer() {
		return managedSecret("delete")
	}

	v.bury(s, c.now)
	c.wrote(s.name, "")

	return wire.JSON(http.StatusOK, v.grave(s, v.properties(s, s.current())))
}

// recover brings a deleted secret back.
func (c *call) recover() wire.Answer {
	v := c.vault
	if answer := v.busy(c.name); answer != nil {
		return *answer
	}

	s := v.deletedSecrets[lower(c.name)]
	if s == nil {
		return deletedNotFound(c.name)
	}

	v.revive(s, c.now)
	c.wrote(s.name, "")

	return wire.JSON(http.StatusOK, v.properties(s, s.current()))
}

// bury begins the deletion of a secret.
func (v *vault) bury(s *secret, now time.Time) {
	s.deletedAt = now
	s.purgeAt = now.Add(time.Duration(v.RetentionDays) * 24 * time.Hour)
	v.begin(move{secret: s, began: now, deletion: true}, now)
}

// revive begins the recovery of a deleted secret.
func (v *vault) revive(s *secret, now time.Time) {
	s.deletedAt, s.purgeAt = time.Time{}, time.Time{}
	v.begin(move{secret: s, began: now}, now)
}

// purge removes a deleted secret for good.
func (c *call) purge() wire.Answer {
	v := c.vault
	if answer := v.busy(c.name); answer != nil {
		return *answer
	}

	s := v.deletedSecrets[lower(c.name)]
	if s == nil {
		return deletedNotFound(c.name)
	}

	if v.PurgeProtection {
		return refuse(http.StatusForbidden, "Forbidden", "", "Operation \"purge\" is not allowed because purge protection is enabled for "+
			"this vault. Key Vault service will automatically purge it after the retention period has passed.\r\nVault: %s;location=%s",
			v.Name, v.Location)
	}

	delete(v.deletedSecrets, lower(c.name))
	c.wrote(s.name, "")

	return wire.Answer{Status: http.StatusNoContent}
}
