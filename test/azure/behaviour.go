package azure

import (
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
)

// How requests fail and are counted, as packages fault and count have it.
type (
	// Fault makes requests fail.
	Fault = fault.Rule

	// Effect is what a fault does to a request.
	Effect = fault.Effect

	// Counts is how often what was asked for, and how it was answered.
	Counts = count.Counts

	// CountKey says what is counted together.
	CountKey = count.Key
)

// The effects of faults.
const (
	EffectStatus      = fault.Status
	EffectHang        = fault.Hang
	EffectSlow        = fault.Slow
	EffectReset       = fault.Reset
	EffectTruncate    = fault.Truncate
	EffectGarbage     = fault.Garbage
	EffectExpireToken = fault.ExpireToken
	EffectRevokeToken = fault.RevokeToken
)

// The operations that faults and counts tell apart.
const (
	OpConnect       = fault.Connect
	OpDiscovery     = fault.Discovery
	OpConfiguration = fault.Configuration
	OpToken         = fault.Token
	OpMachineToken  = fault.MachineToken
	OpChallenge     = fault.Challenge
	OpSet           = fault.Set
	OpUpdate        = fault.Update
	OpGet           = fault.Get
	OpList          = fault.List
	OpListVersions  = fault.ListVersions
	OpDelete        = fault.Delete
	OpGetDeleted    = fault.GetDeleted
	OpListDeleted   = fault.ListDeleted
	OpRecover       = fault.Recover
	OpPurge         = fault.Purge
	OpBackup        = fault.Backup
	OpRestore       = fault.Restore
	OpGetContacts   = fault.GetContacts

	OpManagementChallenge  = fault.ManagementChallenge
	OpGetVault             = fault.GetVault
	OpListVaults           = fault.ListVaults
	OpPutVault             = fault.PutVault
	OpPatchVault           = fault.PatchVault
	OpDeleteVault          = fault.DeleteVault
	OpGetDeletedVault      = fault.GetDeletedVault
	OpPurgeVault           = fault.PurgeVault
	OpGetIdentity          = fault.GetIdentity
	OpPutIdentity          = fault.PutIdentity
	OpPatchIdentity        = fault.PatchIdentity
	OpDeleteIdentity       = fault.DeleteIdentity
	OpGetCredential        = fault.GetCredential
	OpListCredentials      = fault.ListCredentials
	OpPutCredential        = fault.PutCredential
	OpDeleteCredential     = fault.DeleteCredential
	OpGetRoleAssignment    = fault.GetRoleAssignment
	OpListRoleAssignments  = fault.ListRoleAssignments
	OpPutRoleAssignment    = fault.PutRoleAssignment
	OpDeleteRoleAssignment = fault.DeleteRoleAssignment
	OpGetRoleDefinition    = fault.GetRoleDefinition
	OpListRoleDefinitions  = fault.ListRoleDefinitions
	OpGetResourceGroup     = fault.GetResourceGroup
	OpPutResourceGroup     = fault.PutResourceGroup
	OpGetSubscription      = fault.GetSubscription
	OpPutRoleDefinition    = fault.PutRoleDefinition
	OpDeleteRoleDefinition = fault.DeleteRoleDefinition
	OpListPermissions      = fault.ListPermissions
	OpListIdentities       = fault.ListIdentities
	OpListLocks            = fault.ListLocks
	OpPutLock              = fault.PutLock
	OpDeleteLock           = fault.DeleteLock
	OpGetProvider          = fault.GetProvider
	OpRegisterProvider     = fault.RegisterProvider
	OpCheckVaultName       = fault.CheckVaultName
	OpCheckPolicies        = fault.CheckPolicies
	OpGetCluster           = fault.GetCluster
	OpPutCluster           = fault.PutCluster
)

// AddFault makes requests fail from now on, and returns the id to remove it by.
func (s *Server) AddFault(f Fault) (string, error) { return s.gate.Faults.Add(f) }

// RemoveFault removes a fault, and says whether there was one with that id.
func (s *Server) RemoveFault(id string) bool { return s.gate.Faults.Remove(id) }

// ClearFaults removes every fault.
func (s *Server) ClearFaults() { s.gate.Faults.Clear() }

// Faults returns the faults that are left, with what is left of their counts.
func (s *Server) Faults() []Fault { return s.gate.Faults.List() }

// SetLatency makes every answer that much later than it could be.
func (s *Server) SetLatency(d time.Duration) { s.gate.SetLatency(d) }

// Counts returns what was asked for and how it was answered, since the start or the last ResetCounts.
func (s *Server) Counts() Counts { return s.gate.Counter.Snapshot() }

// ResetCounts starts counting anew.
func (s *Server) ResetCounts() { s.gate.Counter.Reset() }
