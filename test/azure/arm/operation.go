package arm

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// pageSize is how many elements of a list are answered at once.
const pageSize = 100

// An operation needs the right to an action.
type operation struct {
	action string
	do     func() wire.Answer
}

func (c *call) operations() map[string]operation {
	const (
		read, write, remove = "/read", "/write", "/delete"

		deletedVault = "Microsoft.KeyVault/locations/deletedVaults"
		subscription = "Microsoft.Resources/subscriptions"
	)

	return map[string]operation{
		fault.GetSubscription:  {subscription + read, c.getSubscription},
		fault.GetResourceGroup: {subscription + "/resourceGroups/read", c.getResourceGroup},
		fault.PutResourceGroup: {subscription + "/resourceGroups/write", c.putResourceGroup},
		fault.GetProvider:      {subscription + "/providers/read", c.getProvider},
		fault.RegisterProvider: {c.name + "/register/action", c.registerProvider},

		fault.GetVault:        {typeVault + read, c.getVault},
		fault.ListVaults:      {typeVault + read, c.listVaults},
		fault.PutVault:        {typeVault + write, c.putVault},
		fault.PatchVault:      {typeVault + write, c.patchVault},
		fault.DeleteVault:     {typeVault + remove, c.deleteVault},
		fault.GetDeletedVault: {deletedVault + read, c.getDeletedVault},
		fault.PurgeVault:      {deletedVault + "/purge/action", c.purgeVault},
		fault.CheckVaultName:  {"Microsoft.KeyVault/checkNameAvailability/read", c.checkVaultName},

		fault.GetIdentity:    {typeIdentity + read, c.getIdentity},
		fault.ListIdentities: {typeIdentity + read, c.listIdentities},
		fault.PutIdentity:    {typeIdentity + write, c.putIdentity},
		fault.PatchIdentity:  {typeIdentity + write, c.putIdentity},
		fault.DeleteIdentity: {typeIdentity + remove, c.deleteIdentity},

		fault.GetCredential:    {typeCredential + read, c.credential},
		fault.ListCredentials:  {typeCredential + read, c.credential},
		fault.PutCredential:    {typeCredential + write, c.credential},
		fault.DeleteCredential: {typeCredential + remove, c.credential},

		fault.GetRoleAssignment:    {typeAssignment + read, c.getAssignment},
		fault.ListRoleAssignments:  {typeAssignment + read, c.listAssignments},
		fault.PutRoleAssignment:    {typeAssignment + write, c.putAssignment},
		fault.DeleteRoleAssignment: {typeAssignment + remove, c.deleteAssignment},

		fault.GetRoleDefinition:    {typeDefinition + read, c.getDefinition},
		fault.ListRoleDefinitions:  {typeDefinition + read, c.listDefinitions},
		fault.PutRoleDefinition:    {typeDefinition + write, c.putDefinition},
		fault.DeleteRoleDefinition: {typeDefinition + remove, c.deleteDefinition},

		fault.ListPermissions: {typePermission + read, c.listPermissions},

		fault.ListLocks:  {typeLock + read, c.listLocks},
		fault.PutLock:    {typeLock + write, c.putLock},
		fault.DeleteLock: {typeLock + remove, c.deleteLock},

		fault.CheckPolicies: {typePolicies + read, c.checkPolicies},

		fault.GetCluster: {typeCluster + read, c.getCluster},
		fault.PutCluster: {typeCluster + write, c.putCluster},
	}
}

// action is what the request needs the right to do.
func (c *call) action() string { return c.operations()[c.operation].action }

// page answers with a part of a list, and where the next one is.
func (c *call) page(all []any) wire.Answer {
	query := c.request.URL.Query()

	from := 0

	if token := query.Get("$skipToken"); token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(all) {
			return badRequest("The skip token '%s' is not valid.", token)
		}
	}

	to := min(from+pageSize, len(all))
	answer := map[string]any{"value": list(all[from:to])}

	if to < len(all) {
		query.Set("$skipToken", strconv.Itoa(to))
		next := url.URL{Scheme: "https", Host: Host, Path: c.request.URL.Path, RawQuery: query.Encode()}
		answer["nextLink"] = next.String()
	}

	return wire.JSON(http.StatusOK, answer)
}

// padded adds made-up elements to a list.
func padded(all []any, n int, one func(i int) any) []any {
	for i := range n {
		all = append(all, one(i))
	}

	return all
}

// changes says whether the request changes anything, and whether that is to delete it.
func (c *call) changes() (write, remove bool) {
	action := c.action()
	remove = strings.HasSuffix(action, "/delete")

	return remove || strings.HasSuffix(action, "/write"), remove
}
