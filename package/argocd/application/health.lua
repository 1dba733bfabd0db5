-- Health of an Application of Argo CD that another Application has installed: its own. Without it sync waves of
-- Applications do not wait for each other.
local health = obj.status and obj.status.health or {}
local operation = obj.status and obj.status.operationState or {}

if operation.phase == "Running" then
  return { status = "Progressing", message = operation.message or "It is being synchronized." }
end

if health.status == nil or health.status == "" or health.status == "Missing" then
  return { status = "Progressing", message = "Nothing of it is there yet." }
end

return { status = health.status, message = health.message or operation.message or "" }
