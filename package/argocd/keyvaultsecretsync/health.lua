-- Health of a KeyVaultSecretSync. Degraded: a person has to fix a problem. Suspended: values are missing in the vault.
-- Progressing: no action is needed.

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
}

-- Health by the states that only the sync itself can have.
local target_states = {
  TargetConflict = "Degraded",
  TargetTooLarge = "Degraded",
}

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
  return health("Suspended", "The sync is paused.")
end

-- Conditions of an earlier generation do not apply to this one.
for _, condition in ipairs({ synced or {}, ready or {} }) do
  if (condition.observedGeneration or obj.metadata.generation) ~= obj.metadata.generation then
    return health("Progressing", "The provider has not reconciled this generation of the sync yet.")
  end
end

if synced ~= nil and synced.status ~= "True" then
  return health("Degraded", synced.message)
end

if synced == nil or ready == nil then
  return health("Progressing", "The provider has not reconciled the sync yet.")
end

if target_states[observed.state] ~= nil then
  return health(target_states[observed.state], ready.message)
end

if ready.status == "True" and observed.state == "Synced" then
  return health("Healthy", (observed.secretsSynced or "0/0") .. " secrets are synced.")
end

-- The message of the first secret with each health.
local first = {}
for _, secret in ipairs(observed.secrets or {}) do
  local state = secret.state or "Pending"
  local needs = states[state] or "Progressing"

  -- A missing secret that has a version was deleted.
  if state == "Missing" and secret.version ~= nil then
    needs = "Degraded"
  end

  first[needs] = first[needs] or secret.name .. ": " .. state .. ". " .. (secret.message or "")
end

for _, needs in ipairs({ "Degraded", "Progressing", "Suspended" }) do
  if first[needs] ~= nil then
    return health(needs, first[needs])
  end
end

return health("Progressing", ready.message or "The sync is not ready yet.")
