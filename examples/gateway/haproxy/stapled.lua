-- SPDX-FileCopyrightText: 2026 The stapled authors
-- SPDX-License-Identifier: Apache-2.0
--
-- http-request lua.stapled URL asks `stapled gateway` at URL whether a request
-- may pass. If it may, the request has the headers of its identity, no token,
-- and the variable txn.stapled. HAProxy goes on after an error in Lua, so the
-- configuration must deny every request without the variable.

local identity = { "stapled-issuer", "stapled-identity", "stapled-subject", "stapled-token-id", "stapled-claims" }
local answer = { "www-authenticate", "cache-control", "content-type" }

-- list returns the values of a header, all of them: two tokens are no token.
-- HAProxy counts them from 0 where it gives them, and from 1 where it takes them.
local function list(values)
  local out = {}
  if values then
    local i = 0
    while values[i] do
      out[i + 1] = values[i]
      i = i + 1
    end
  end
  return out
end

core.register_action("stapled", { "http-req" }, function(txn, url)
  local sent = txn.http:req_get_headers()
  local ask = {
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-uri"] = { txn.f:pathq() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-for"] = { txn.f:src() },
    ["x-forwarded-host"] = list(sent["host"]),
  }
  for _, name in ipairs({ "authorization", "origin", "access-control-request-method" }) do
    local values = list(sent[name])
    if #values > 0 then ask[name] = values end
  end

  local res = core.httpclient():get { url = url, headers = ask, timeout = 5000 }

  if res.status == 200 then
    txn.http:req_del_header("authorization")
    for _, name in ipairs(identity) do
      local values = list(res.headers[name])
      txn.http:req_del_header(name)
      if #values == 1 and values[1] ~= "" then txn.http:req_set_header(name, values[1]) end
    end
    -- The next proxy removes every header that Connection lists (RFC 9110 §7.6.1).
    txn.http:req_del_header("connection")
    if sent["upgrade"] then txn.http:req_set_header("connection", "upgrade") end
    txn:set_var("txn.stapled", true)
    return
  end

  local reply = txn:reply { status = 503, reason = "Service Unavailable" }
  if res.status == 401 or res.status == 403 then
    reply:set_status(res.status)
    for _, name in ipairs(answer) do
      for _, value in ipairs(list(res.headers[name])) do reply:add_header(name, value) end
    end
    reply:set_body(res.body)
  end
  txn:done(reply)
end, 1)
