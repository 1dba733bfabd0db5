-- Health of an Application of Argo CD that another Application has installed: its own. Without it sync waves of
-- Applications do not wait for each other, so healthy is only what was synchronized with success, too.
local health = obj.status and obj.status.health or {}
local operation = obj.status and obj.status.operationState or {}
local automated = obj.spec and obj.spec.syncPolicy and obj.spec.syncPolicy.automated

if operation.phase == "Running" then
  return { status = "Progressing", message = operation.message or "It is being synchronized." }
end

if operation.phase == "Failed" or operation.phase == "Error" then
  return { status = "Degraded", message = operation.message or "It could not be synchronized." }
end

if health.status == nil or health.status == "" or health.status == "Missing" then
  return { status = "Progressing", message = "Not all of it is there yet." }
end

if operation.phase == nil and automated then
  return { status = "Progressing", message = "It was not synchronized yet." }
end

return { status = health.status, message = health.message or "" }
