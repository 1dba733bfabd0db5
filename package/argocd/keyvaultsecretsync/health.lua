-- Health of a KeyVaultSecretSync. Degraded: somebody has to repair something. Suspended: somebody has to put values
-- into the vault. Progressing: it goes on by itself.

local function health(status, message)
  return { status = status, message = message }
end

local status = obj.status or {}
local observed = status.atProvider or {}

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local synced, ready = conditions.Synced, conditions.Ready

if synced ~= nil and synced.reason == "ReconcilePaused" then
  return health("Suspended", "The provider is told to leave the sync alone.")
end

-- What is said of another generation says nothing of this one.
for _, condition in ipairs({ synced or {}, ready or {} }) do
  if (condition.observedGeneration or obj.metadata.generation) ~= obj.metadata.generation then
    return health("Progressing", "The provider has not looked at this version of the sync yet.")
  end
end

if synced ~= nil and synced.status ~= "True" then
  return health("Degraded", synced.message)
end

if synced == nil or ready == nil then
  return health("Progressing", "The provider has not looked at the sync yet.")
end

if observed.state == "TargetConflict" or observed.state == "TargetTooLarge" then
  return health("Degraded", ready.message)
end

if ready.status == "True" and observed.state == "Synced" then
  return health("Healthy", (observed.secretsSynced or "0/0") .. " secrets are synced.")
end

-- The first secret of those that need a person to repair them, time, or a person who gives them values.
local repair, time, value
for _, secret in ipairs(observed.secrets or {}) do
  local state = secret.state or "Pending"
  local message = secret.name .. ": " .. state .. ". " .. (secret.message or "")

  if state == "Forbidden" or state == "Invalid" or state == "Disabled" or state == "SoftDeleted"
    -- It was there before: somebody has deleted it.
    or (state == "Missing" and secret.version ~= nil) then
    repair = repair or message
  elseif state == "AwaitingValue" or state == "Missing" then
    value = value or message
  elseif state ~= "Synced" then
    time = time or message
  end
end

if repair ~= nil then
  return health("Degraded", repair)
elseif time ~= nil then
  return health("Progressing", time)
elseif value ~= nil then
  return health("Suspended", value)
end

return health("Progressing", ready.message or "The sync is not ready yet.")
