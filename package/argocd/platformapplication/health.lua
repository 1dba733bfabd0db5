-- Health of a PlatformApplication, be it a composite resource or a claim, and of the XPlatformApplication behind a
-- claim. Degraded: somebody has to repair something. Suspended: somebody has to put values into the vault.
-- Progressing: it goes on by itself. The message is that of the condition that is first in the way.

-- The order in which an application comes to be.
local order = { "IdentityReady", "KeyVaultReady", "AccessReady", "SecretsSynced", "WorkloadReady" }

-- Reasons of conditions that do not pass by themselves.
local broken = {
  AzureRefused = true,
  AccessPoliciesUsed = true,
  VaultWithdrawn = true,
  OwnedByAnother = true,
  TenantUnknown = true,
  SecretNotWritten = true,
  VariablesCollide = true,
  ForeignResource = true,
  IngressRefused = true,
  RolloutFailed = true,
  Invalid = true,
  PlatformSettingsInvalid = true,
  PlatformSettingsMissing = true,
}

local function health(status, message)
  return { status = status, message = message }
end

local conditions = {}
for _, condition in ipairs(obj.status and obj.status.conditions or {}) do
  conditions[condition.type] = condition
end

local synced, ready = conditions.Synced, conditions.Ready

if synced ~= nil and synced.reason == "ReconcilePaused" then
  return health("Suspended", "Crossplane is told to leave the application alone.")
end

-- What is said of another generation says nothing of this one.
if synced == nil or (synced.observedGeneration or obj.metadata.generation) ~= obj.metadata.generation then
  return health("Progressing", "Crossplane has not looked at this version of the application yet.")
end

for _, name in ipairs(order) do
  local condition = conditions[name]
  if condition ~= nil and condition.status ~= "True" and broken[condition.reason] then
    return health("Degraded", condition.message)
  end
end

if synced.status ~= "True" then
  return health("Degraded", synced.message)
end

-- What the secrets that are not synced need.
local needs = { person = false, time = false }
for _, secret in ipairs(obj.status.secrets or {}) do
  local state = secret.state
  if state == "Forbidden" or state == "Invalid" or state == "Disabled" or state == "SoftDeleted"
    -- It was there before: somebody has deleted it.
    or (state == "Missing" and secret.version ~= nil) then
    return health("Degraded", conditions.SecretsSynced and conditions.SecretsSynced.message or secret.message)
  elseif state == "AwaitingValue" or state == "Missing" then
    needs.person = true
  elseif state ~= "Synced" then
    needs.time = true
  end
end

for _, name in ipairs(order) do
  local condition = conditions[name]
  if condition == nil then
    return health("Progressing", "Crossplane has not said anything of " .. name .. " yet.")
  end
  if condition.status ~= "True" then
    local waits = (name == "SecretsSynced" and needs.person and not needs.time)
      -- All secrets have values, but not those that were asked for.
      or (name == "WorkloadReady" and (condition.reason == "WaitingForSecrets" or condition.reason == "Held"))
    return health(waits and "Suspended" or "Progressing", condition.message)
  end
end

if ready == nil or ready.status ~= "True" then
  return health("Progressing", ready and ready.message or "Crossplane has not said yet whether all is ready.")
end

local message = conditions.KeyVaultReady.message .. " " .. conditions.SecretsSynced.message
if conditions.FieldsIgnored ~= nil and conditions.FieldsIgnored.status == "True" then
  message = message .. " " .. conditions.FieldsIgnored.message
end

return health("Healthy", message)
