-- Health of a PlatformApplication, whether it is a composite resource or a claim, and of the XPlatformApplication behind a
-- claim. Degraded: a person has to fix a problem. Suspended: values are missing in the vault. Progressing: no action is
-- needed. The message comes from the first condition that blocks the application.

-- The order in which the parts of an application become ready.
local order = { "IdentityReady", "KeyVaultReady", "AccessReady", "SecretsSynced", "WorkloadReady" }

-- Health by the reason of a condition. The states of the secrets decide about SecretsNotSynced.
local reasons = {
  Available = "Healthy",
  NotRequested = "Healthy",
  VariablesWithheld = "Healthy",
  FieldsIgnored = "Healthy",
  NoFieldsIgnored = "Healthy",
  Creating = "Progressing",
  Replacing = "Progressing",
  WaitingForIdentity = "Progressing",
  RollingOut = "Progressing",
  SecretsNotSynced = "Progressing",
  WaitingForSecrets = "Suspended",
  Held = "Suspended",
  AccessPoliciesUsed = "Degraded",
  AzureRefused = "Degraded",
  ForeignResource = "Degraded",
  IngressRefused = "Degraded",
  Invalid = "Degraded",
  LandingZoneUnavailable = "Degraded",
  OwnedByAnother = "Degraded",
  PlatformSettingsInvalid = "Degraded",
  PlatformSettingsMissing = "Degraded",
  RolloutFailed = "Degraded",
  SecretNotWritten = "Degraded",
  TenantUnknown = "Degraded",
  VariablesCollide = "Degraded",
  VaultWithdrawn = "Degraded",
}

-- Health by the state of a secret.
local states = {
  Synced = "Healthy",
  Pending = "Progressing",
  AwaitingAccess = "Progressing",
  Throttled = "Progressing",
  Unreachable = "Progressing",
  AwaitingValue = "Suspended",
  Missing = "Suspended",
  SoftDeleted = "Degraded",
  Disabled = "Degraded",
  Invalid = "Degraded",
  Forbidden = "Degraded",
  Revoked = "Degraded",
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
  return health("Suspended", "The application is paused.")
end

-- Conditions of an earlier generation do not apply to this one.
if synced == nil or (synced.observedGeneration or obj.metadata.generation) ~= obj.metadata.generation then
  return health("Progressing", "Crossplane has not reconciled this generation of the application yet.")
end

for _, name in ipairs(order) do
  local condition = conditions[name]
  if condition ~= nil and condition.status ~= "True" and reasons[condition.reason] == "Degraded" then
    return health("Degraded", condition.message)
  end
end

if synced.status ~= "True" then
  return health("Degraded", synced.message)
end

-- The health that occurs among the secrets.
local found = {}
for _, secret in ipairs(obj.status.secrets or {}) do
  local needs = states[secret.state] or "Progressing"

  -- A missing secret that has a version was deleted.
  if needs == "Degraded" or (secret.state == "Missing" and secret.version ~= nil) then
    return health("Degraded", conditions.SecretsSynced and conditions.SecretsSynced.message or secret.message)
  end

  found[needs] = true
end

for _, name in ipairs(order) do
  local condition = conditions[name]
  if condition == nil then
    return health("Progressing", "Condition " .. name .. " is not set yet.")
  end
  if condition.status ~= "True" then
    local waits = reasons[condition.reason] == "Suspended"
      or (name == "SecretsSynced" and found.Suspended and not found.Progressing)
    return health(waits and "Suspended" or "Progressing", condition.message)
  end
end

if ready == nil or ready.status ~= "True" then
  return health("Progressing", ready and ready.message or "Condition Ready is not set yet.")
end

local message = conditions.KeyVaultReady.message .. " " .. conditions.SecretsSynced.message
if conditions.FieldsIgnored ~= nil and conditions.FieldsIgnored.status == "True" then
  message = message .. " " .. conditions.FieldsIgnored.message
end

return health("Healthy", message)
