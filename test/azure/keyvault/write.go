package keyvault

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// set makes a new version of a secret, and the secret if it is new.
func (c *call) set(body []byte) wire.Answer {
	var sent struct {
		properties

		Value *string `json:"value"`
	}

	if answer := decode(body, &sent); answer != nil {
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

	return wire.Answer{Status: http.StatusOK, Body: v.bundle(s, ver)}
}

// add gives a secret a version, and makes the secret if it is new.
func (v *vault) add(name string, ver *version) *secret {
	s := v.secrets[lower(name)]
	if s == nil {
		s = &secret{name: name}
		v.secrets[lower(name)] = s
		v.names = nil
	}

	s.versions = append(s.versions, ver)

	return s
}

// update changes what is said about a version, but not its value.
func (c *call) update(body []byte) wire.Answer {
	var sent properties

	if answer := decode(body, &sent); answer != nil {
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
	ver.forget()
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

	if s.managed {
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

// bury makes a secret a deleted one.
func (v *vault) bury(s *secret, now time.Time) {
	s.deletedAt = now
	s.purgeAt = now.Add(time.Duration(v.RetentionDays) * 24 * time.Hour)
	v.begin(move{secret: s, began: now, deletion: true}, now)
}

// revive makes a deleted secret one that is not.
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
	v.deletedNames = nil
	c.wrote(s.name, "")

	return wire.Answer{Status: http.StatusNoContent}
}

// saved is a secret in a backup.
type saved struct {
	Name     string         `json:"name"`
	Versions []savedVersion `json:"versions"`
}

type savedVersion struct {
	ID          string            `json:"id"`
	Value       string            `json:"value"`
	ContentType *string           `json:"contentType"`
	Tags        map[string]string `json:"tags"`
	Enabled     bool              `json:"enabled"`
	NotBefore   *int64            `json:"nbf"`
	Expires     *int64            `json:"exp"`
	Created     int64             `json:"created"`
	Updated     int64             `json:"updated"`
}

// blob is a backup on the wire.
type blob struct {
	Value *string `json:"value"`
}

// backup answers with all versions of a secret, in a form that only a restore can read.
func (c *call) backup() wire.Answer {
	s, _ := c.find()
	if s == nil {
		return notFound(c.name)
	}

	if s.managed {
		return managedSecret("backup")
	}

	out := saved{Name: s.name}
	for _, v := range s.versions {
		out.Versions = append(out.Versions, savedVersion{
			v.id, v.value, v.contentType, v.tags, v.enabled, v.notBefore, v.expires, v.created, v.updated,
		})
	}

	sealed := base64.RawURLEncoding.EncodeToString(c.service.sealer.Seal(nil, nil, encode(out), nil))

	return wire.JSON(http.StatusOK, blob{Value: &sealed})
}

// restore makes a secret of a backup, unless there is one of its name.
func (c *call) restore(body []byte) wire.Answer {
	var sent blob

	if answer := decode(body, &sent); answer != nil {
		return *answer
	}

	if sent.Value == nil {
		return badParameter("The request body is missing the required property 'value'.")
	}

	sealed, err := base64.RawURLEncoding.DecodeString(*sent.Value)
	if err != nil {
		return badParameter("Backup blob is not base64url.")
	}

	plain, err := c.service.sealer.Open(nil, nil, sealed, nil)
	if err != nil {
		return badParameter("Backup blob contains invalid or corrupt version.")
	}

	var in saved
	if err := json.Unmarshal(plain, &in); err != nil {
		return badParameter("Backup blob contains invalid or corrupt version.")
	}

	v := c.vault

	if answer := v.busy(in.Name); answer != nil {
		return *answer
	}

	if v.deletedSecrets[lower(in.Name)] != nil {
		return nameBlocked(in.Name)
	}

	if v.secrets[lower(in.Name)] != nil {
		return refuse(http.StatusConflict, "Conflict", "", "Secret %s already exists, and a backup cannot be restored over it.", in.Name)
	}

	for _, ver := range in.Versions {
		v.add(in.Name, &version{
			id: ver.ID, value: ver.Value, contentType: ver.ContentType, tags: ver.Tags, enabled: ver.Enabled,
			notBefore: ver.NotBefore, expires: ver.Expires, created: ver.Created, updated: ver.Updated,
		})
	}

	s := v.secrets[lower(in.Name)]
	c.wrote(s.name, s.current().id)

	return wire.JSON(http.StatusOK, v.properties(s, s.current()))
}
