-- Health of a ProviderConfig or ClusterProviderConfig of secrets.p6m.dev. Nothing reconciles it, so it is always healthy.
-- Problems with its identity are reported by the syncs that use it.
local users = obj.status and obj.status.users or 0

return { status = "Healthy", message = "Used by " .. users .. (users == 1 and " sync." or " syncs.") }
