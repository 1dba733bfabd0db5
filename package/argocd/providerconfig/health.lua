-- Health of a ProviderConfig or ClusterProviderConfig of this repository: nothing happens to it, so it is always
-- healthy. What is wrong with an identity shows where it is used.
local users = obj.status and obj.status.users or 0

return { status = "Healthy", message = "Used by " .. users .. (users == 1 and " sync." or " syncs.") }
