// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package az

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// A vault is named by its command.
type vault struct {
	VaultName string `required:""`
}

func (v vault) client(m *manager) (*azsecrets.Client, error) {
	m.options.Retry.MaxRetries = -1

	return azsecrets.NewClient("https://"+v.VaultName+".vault.azure.net", m.credential, &azsecrets.ClientOptions{ClientOptions: m.options}) //nolint:wrapcheck // It says everything.
}

// secret returns a secret as the Azure CLI prints it.
func secret(p azsecrets.SecretProperties) object {
	date := func(t *time.Time) any {
		if t == nil {
			return nil
		}

		return t.UTC().Format("2006-01-02T15:04:05+00:00")
	}
	a := p.Attributes

	return object{"id": p.ID, "name": p.ID.Name(), "contentType": p.ContentType, "managed": p.Managed, "tags": p.Tags, "attributes": object{
		"created": date(a.Created), "enabled": a.Enabled, "expires": date(a.Expires), "notBefore": date(a.NotBefore), "updated": date(a.Updated),
	}}
}

type secretList struct {
	vault

	IncludeManaged string `default:"false" enum:"true,false"`
}

// Run lists the secrets of a vault.
func (l *secretList) Run(m *manager) error {
	client, err := l.client(m)
	if err != nil {
		return err
	}

	all := []object{}

	for pager := client.NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			return err
		}

		for _, p := range page.Value {
			if managed := p.Managed != nil && *p.Managed; !managed || l.IncludeManaged == "true" {
				all = append(all, secret(*p))
			}
		}
	}

	m.secrets = all

	return nil
}

type secretShow struct {
	vault

	Name string `required:""`
}

// Run shows a secret with its value.
func (s *secretShow) Run(m *manager) error {
	client, err := s.client(m)
	if err != nil {
		return err
	}

	got, err := client.GetSecret(context.Background(), s.Name, "", nil)
	if err != nil {
		return err
	}

	m.answer = secret(azsecrets.SecretProperties{ID: got.ID, Attributes: got.Attributes, ContentType: got.ContentType, Managed: got.Managed, Tags: got.Tags})
	m.answer["value"] = got.Value

	return nil
}

type secretSet struct {
	vault

	Name        string     `required:""`
	File        string     `required:""`
	Encoding    string     `required:""`
	ContentType *string    `optional:""`
	Expires     *time.Time `optional:""`
	NotBefore   *time.Time `optional:""`
	Tags        []string   `sep:"none"`
	MoreTags    []string   `arg:""      optional:""`
}

// Run sets a secret from a file, which nobody else can read. Like the Azure CLI, it reads the file as text, in which every line ending
// becomes a line feed.
func (s *secretSet) Run(m *manager) error {
	for _, path := range []string{s.File, filepath.Dir(s.File)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("others can read %s: %w", path, errors.Join(err))
		}
	}

	data, err := os.ReadFile(s.File)
	if err != nil {
		return err //nolint:wrapcheck // It says everything.
	}

	value := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	p := azsecrets.SetSecretParameters{
		Value: &value, ContentType: s.ContentType, Tags: map[string]*string{},
		SecretAttributes: &azsecrets.SecretAttributes{Expires: s.Expires, NotBefore: s.NotBefore},
	}

	for _, tag := range append(s.Tags, s.MoreTags...) {
		name, v, _ := strings.Cut(tag, "=")
		p.Tags[name] = &v
	}

	p.Tags["file-encoding"] = &s.Encoding

	client, err := s.client(m)
	if err == nil {
		err = m.ask("before " + s.Name)
	}

	if err == nil {
		_, err = client.SetSecret(context.Background(), s.Name, p, nil)
	}

	if err == nil {
		err = m.ask("after " + s.Name)
	}

	return err
}
