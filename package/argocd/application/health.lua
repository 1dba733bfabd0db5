-- Health of an Application of Argo CD that another Application installs. Without this check, sync waves of Applications
-- do not wait for each other. An Application is healthy only if its last sync succeeded, too.
local health = obj.status and obj.status.health or {}
local operation = obj.status and obj.status.operationState or {}
local automated = obj.spec and obj.spec.syncPolicy and obj.spec.syncPolicy.automated

if operation.phase == "Running" then
  return { status = "Progressing", message = operation.message or "The application is being synced." }
end

if operation.phase == "Failed" or operation.phase == "Error" then
  return { status = "Degraded", message = operation.message or "The last sync failed." }
end

if health.status == nil or health.status == "" or health.status == "Missing" then
  return { status = "Progressing", message = "Objects of the application are missing." }
end

if operation.phase == nil and automated then
  return { status = "Progressing", message = "The application has not been synced yet." }
end

return { status = health.status, message = health.message or "" }
