package sink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"provision/stack"
)

// Vaults is the access to Azure Key Vaults.
type Vaults struct {
	// Credential returns the credential for vaults. It is called only if there is a
	// vault to access.
	Credential func() (azcore.TokenCredential, error)
	Options    *azsecrets.ClientOptions

	// Tenant is the id of the tenant whose secrets are stored. Two targets can name the same secret of a
	// vault, also on two machines. "" accepts the secrets of all tenants.
	Tenant string
}

// vault is a secret of a Key Vault. Its tags contain the keyId of the credential,
// so no record in the folder of the target is needed.
// Source: learn.microsoft.com/azure/key-vault/secrets/about-secrets.
type vault struct {
	where       stack.KeyVaultSink
	application string
	tenant      string
	client      *azsecrets.Client
}

// The tags of a secret; of each retiring secret, tagRetiring and its keyId.
const (
	tagApplication = "application"
	tagClientID    = "clientId"
	tagName        = "displayName"
	tagKeyID       = "keyId"
	tagStart       = "startDateTime"
	tagTenant      = "tenantId" // earlier versions did not write it
	tagRetiring    = "retiring-"
)

func (v Vaults) open(where stack.KeyVaultSink, application string) (Sink, error) {
	s := vault{where: where, application: application, tenant: v.Tenant}
	if v.Credential == nil {
		return nil, s.failed("", errors.New("there is no credential for the vault"))
	}
	credential, err := v.Credential()
	if err != nil {
		return nil, s.failed("sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET", err)
	}
	if s.client, err = azsecrets.NewClient(where.Vault, credential, v.Options); err != nil {
		return nil, s.failed("", err)
	}
	return s, nil
}

// Check reads the secret. It fails if the caller may not read it, because then
// Write would fail as well, and if the secret was not written by provision. A deleted secret counts too: Write would
// recover it.
func (v vault) Check(ctx context.Context) error {
	s, tenant, err := v.get(ctx)
	exists, remove := "a secret with that name exists", "delete"
	if err == nil && s == nil {
		s, tenant = v.deleted(ctx)
		exists, remove = "a deleted secret with that name exists", "purge"
	}
	switch {
	case err != nil || s == nil:
		return err
	case s.Application != v.application:
		return v.failed("choose another name, or "+remove+" that secret", errors.New(exists+", and provision did not write it for "+v.application))
	case !v.ofTenant(tenant):
		return v.failed("choose a name for each target, e.g. name: client-${target}, or "+remove+" that secret",
			fmt.Errorf("%s, and provision wrote it for %s of tenant %s", exists, v.application, tenant))
	}
	return nil
}

func (v vault) Read(ctx context.Context) (Secret, bool, error) {
	s, err := v.own(ctx)
	if err != nil || s == nil || s.SecretText == "" {
		return Secret{}, false, err
	}
	return *s, true, nil
}

// ofTenant reports whether a secret with the tag of a tenant can be a secret of this tenant.
func (v vault) ofTenant(tag string) bool {
	return tag == "" || v.tenant == "" || strings.EqualFold(tag, v.tenant)
}

// own returns the secret if provision wrote it for the application in this tenant, and otherwise nil.
func (v vault) own(ctx context.Context) (*Secret, error) {
	s, tenant, err := v.get(ctx)
	if err != nil || s == nil || s.Application != v.application || !v.ofTenant(tenant) {
		return nil, err
	}
	return s, nil
}

// get returns the secret with this name and the tenant that its tags state. s is nil if there is none.
func (v vault) get(ctx context.Context) (s *Secret, tenant string, err error) {
	answer, err := v.client.GetSecret(ctx, v.where.Name, "", nil)
	switch {
	case notFound(err):
		return nil, "", nil
	case err != nil:
		return nil, "", v.refused(err)
	}
	s, tenant = fromTags(answer.Tags)
	s.SecretText = deref(answer.Value)
	if answer.Attributes != nil && answer.Attributes.Expires != nil {
		s.EndDateTime = answer.Attributes.Expires.UTC()
	}
	return s, tenant, nil
}

// deleted returns the secret with this name in the vault's recycle bin, without its value, and the tenant that its tags
// state. s is nil if there is none, or if the caller may not read it.
func (v vault) deleted(ctx context.Context) (s *Secret, tenant string) {
	answer, err := v.client.GetDeletedSecret(ctx, v.where.Name, nil)
	if err != nil {
		return nil, ""
	}
	return fromTags(answer.Tags)
}

// fromTags returns a secret, and its tenant, as the tags describe them.
func fromTags(tags map[string]*string) (s *Secret, tenant string) {
	s = &Secret{}
	for tag, value := range tags {
		switch text := deref(value); tag {
		case tagApplication:
			s.Application = text
		case tagClientID:
			s.ClientID = text
		case tagName:
			s.DisplayName = text
		case tagKeyID:
			s.KeyID = text
		case tagTenant:
			tenant = text
		case tagStart:
			s.StartDateTime, _ = time.Parse(time.RFC3339, text) // at worst, provision does not wait for it
		default:
			if keyID, ok := strings.CutPrefix(tag, tagRetiring); ok {
				until, _ := time.Parse(time.RFC3339, text) // at worst, it is revoked
				s.Retiring = append(s.Retiring, Retiring{keyID, until})
			}
		}
	}
	return s, tenant
}

func (v vault) Write(ctx context.Context, s Secret) error {
	kind := "client secret of Microsoft Entra ID"
	p := azsecrets.SetSecretParameters{Value: &s.SecretText, ContentType: &kind,
		SecretAttributes: &azsecrets.SecretAttributes{Expires: &s.EndDateTime},
		Tags: map[string]*string{
			tagApplication: &s.Application, tagClientID: &s.ClientID, tagName: &s.DisplayName, tagKeyID: &s.KeyID,
			tagStart: text(s.StartDateTime),
		}}
	if v.tenant != "" {
		p.Tags[tagTenant] = &v.tenant
	}
	for _, r := range s.Retiring {
		p.Tags[tagRetiring+r.KeyID] = text(r.Until)
	}
	_, err := v.client.SetSecret(ctx, v.where.Name, p, nil)
	if status(err) == http.StatusConflict {
		// A deleted secret blocks its name until it is recovered.
		if err := v.recoverOwn(ctx); err != nil {
			return err
		}
		_, err = v.client.SetSecret(ctx, v.where.Name, p, nil)
	}
	return v.refused(err)
}

// recoverOwn recovers the deleted secret with this name. A secret that provision did not write stays deleted.
func (v vault) recoverOwn(ctx context.Context) error {
	if err := v.Check(ctx); err != nil {
		return err
	}
	if err := v.recover(ctx); err != nil {
		return v.refused(err)
	}
	theirs := v.Check(ctx) // a caller who may not read deleted secrets finds out only now
	if theirs != nil {
		if _, err := v.client.DeleteSecret(ctx, v.where.Name, nil); err != nil {
			return v.refused(err)
		}
	}
	return theirs
}

// recover restores the secret from the vault's recycle bin, and waits for it.
func (v vault) recover(ctx context.Context) error {
	if _, err := v.client.RecoverDeletedSecret(ctx, v.where.Name, nil); err != nil && status(err) != http.StatusConflict {
		return err
	}
	for range 60 {
		_, err := v.client.GetSecret(ctx, v.where.Name, "", nil)
		if !notFound(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return errors.New("its recovery from deletion has taken more than a minute")
}

func (v vault) Forget(ctx context.Context) error {
	if s, err := v.own(ctx); err != nil || s == nil {
		return err // deleted, or not written by provision for this application
	}
	_, err := v.client.DeleteSecret(ctx, v.where.Name, nil)
	if notFound(err) {
		return nil
	}
	return v.refused(err)
}

func (v vault) refused(err error) error {
	var answer *azcore.ResponseError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
		return v.failed("check the address of the vault, and that you are signed in (`az login`)", err)
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return v.failed("give the caller the role Key Vault Secrets Officer at the vault", fmt.Errorf("the vault answered %d %s", answer.StatusCode, answer.ErrorCode))
	}
	return v.failed("", fmt.Errorf("the vault answered %d %s", answer.StatusCode, answer.ErrorCode))
}

func (v vault) failed(hint string, err error) error {
	if hint == "" {
		hint = "run the same command again when the vault answers"
	}
	return &Error{Where: stack.Sink{KeyVault: &v.where}.String(), Hint: hint, Err: err}
}

// notFound reports whether the vault answered that it has no such secret. Another
// server at its address may also answer 404.
func notFound(err error) bool {
	var answer *azcore.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && answer.ErrorCode == "SecretNotFound"
}

func status(err error) int {
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

func text(t time.Time) *string {
	s := t.UTC().Format(time.RFC3339)
	return &s
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
