-- What wrk sends: wrk … -s load.lua URL -- small | download | upload
-- It prints one JSON object when it is done.

local clients = 8192
local requests = {}
local next_request = 0

-- Requests of many clients behind a load balancer: an address and a key each.
local function headers(client)
    return {
        ["Host"] = "bench",
        ["User-Agent"] = "OpenAI/Python 1.99.0",
        ["Authorization"] = "Bearer bench-" .. client,
        ["X-Forwarded-For"] = string.format("11.%d.%d.%d", client % 3 + 1, math.floor(client / 256), client % 256),
        ["Content-Type"] = "application/json",
    }
end

local function chat_body()
    local head = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
    local tail = '"}]}'
    return head .. string.rep("x", 500 - #head - #tail) .. tail
end

function init(arguments)
    local what = arguments[1]
    if what == "small" then
        local body = chat_body()
        for client = 0, clients - 1 do
            requests[#requests + 1] = wrk.format("POST", "/v1/chat/completions", headers(client), body)
        end
    elseif what == "download" then
        requests[1] = wrk.format("GET", "/download?bytes=1048576", headers(0))
    elseif what == "upload" then
        requests[1] = wrk.format("POST", "/upload", headers(0), string.rep("x", 1048576))
    else
        error("expected small, download or upload, found " .. tostring(what))
    end
end

function request()
    next_request = next_request % #requests + 1
    return requests[next_request]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
