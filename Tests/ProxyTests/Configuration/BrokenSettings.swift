/// Broken files, and what an operator is told: the settings of the proxy itself.
extension Broken {
    static let settings: [Broken] = [
        Broken(
            "not an object",
            #"""
            ["127.0.0.1:8080"]
            """#,
            #"""
            plugins.json:1:1: expected an object, found a list
            """#),
        Broken(
            "no listen",
            #"""
            {
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:1:1: missing key "listen": expected an address such as "127.0.0.1:8080", or a list of them
            """#),
        Broken(
            "an unknown key near a known one",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "limit": { "conections": 5 },
              "limits": { "conections": 5 },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:3: unknown key "limit"; did you mean "limits"? (known: listen, admin, workers, limits…)
            plugins.json:4:15: limits: unknown key "conections"; did you mean "connections"? (known: connections, requestLine, requestHeaders, headerCount…)
            """#),
        Broken(
            "an unknown key near none",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "frobnicate": true,
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:3: unknown key "frobnicate" (known: listen, admin, workers, limits, timeouts, state, upstreams, plugins, routes, $schema)
            """#),
        Broken(
            "addresses that are none",
            #"""
            {
              "listen": ["8080", ":8080", "*:8080", "example.com:8080", "127.0.0.1", "127.0.0.1:99999", "::1:8080", "unix:run/s.sock", 8080],
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:2:14: listen[0]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "8080"; did you mean "0.0.0.0:8080"?
            plugins.json:2:22: listen[1]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found ":8080"; did you mean "0.0.0.0:8080"?
            plugins.json:2:31: listen[2]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "*:8080"; did you mean "0.0.0.0:8080"?
            plugins.json:2:41: listen[3]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "example.com:8080"
            plugins.json:2:61: listen[4]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "127.0.0.1"
            plugins.json:2:74: listen[5]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "127.0.0.1:99999"
            plugins.json:2:93: listen[6]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "::1:8080"
            plugins.json:2:105: listen[7]: expected an absolute path of at most 107 bytes after "unix:", found "unix:run/s.sock"
            plugins.json:2:124: listen[8]: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found 8080
            """#),
        Broken(
            "an empty list of addresses",
            #"""
            {
              "listen": [],
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:2:13: listen: expected an address such as "127.0.0.1:8080", or a list of them, found an empty list
            """#),
        Broken(
            "the same address twice",
            #"""
            {
              "listen": ["127.0.0.1:8080", { "address": "localhost:8080" }, "127.0.0.1:0", "127.0.0.1:0"],
              "admin": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:2:32: listen[1]: the same address as listen[0]: "localhost:8080"
            plugins.json:3:12: admin: the same address as listen[0]: "127.0.0.1:8080"
            """#),
        Broken(
            "an address with an unknown key",
            #"""
            {
              "listen": { "addres": "127.0.0.1:8080", "proxyProtocol": ["10.0.0.1/8", "lan"] },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:2:13: listen: missing key "address": expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path"
            plugins.json:2:15: listen: unknown key "addres"; did you mean "address"? (known: address, proxyProtocol)
            plugins.json:2:61: listen.proxyProtocol[0]: expected a network such as "10.0.0.0/8", found "10.0.0.1/8"; did you mean "10.0.0.0/8"?
            plugins.json:2:75: listen.proxyProtocol[1]: expected a network such as "10.0.0.0/8", found "lan"
            """#),
        Broken(
            "whole numbers",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "workers": 1.5,
              "limits": { "connections": 0, "headerCount": -1, "requestBody": -5 },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:14: workers: expected a whole number, found 1.5
            plugins.json:4:30: limits.connections: expected a whole number from 1 to 10000000, found 0
            plugins.json:4:48: limits.headerCount: expected a whole number from 1 to 10000, found -1
            plugins.json:4:67: limits.requestBody: expected a size such as "64KiB" or a number of bytes, found -5
            """#),
        Broken(
            "a number past every bound",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "workers": 99999999999999999999,
              "limits": { "headerCount": 1e3 },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:14: workers: expected a whole number, found 99999999999999999999
            plugins.json:4:30: limits.headerCount: expected a whole number, found 1e3
            """#),
        Broken(
            "sizes",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "limits": { "requestLine": "8KB", "requestHeaders": "64 k", "requestBody": "lots" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:30: limits.requestLine: expected a size such as "64KiB" or a number of bytes, found "8KB"; did you mean "8KiB"?
            plugins.json:3:55: limits.requestHeaders: expected a size such as "64KiB" or a number of bytes, found "64 k"; did you mean "64KiB"?
            plugins.json:3:78: limits.requestBody: expected a size such as "64KiB" or a number of bytes, found "lots"
            """#),
        Broken(
            "sizes out of bounds",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "limits": { "requestLine": 10, "requestHeaders": "1GiB", "requestBody": "99999999999TiB" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:30: limits.requestLine: expected a size from 64 to 16MiB, found 10
            plugins.json:3:52: limits.requestHeaders: expected a size from 256 to 16MiB, found "1GiB"
            plugins.json:3:75: limits.requestBody: expected a size such as "64KiB" or a number of bytes, found "99999999999TiB"
            """#),
        Broken(
            "durations",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "timeouts": { "requestHeaders": 10, "requestBodyIdle": "30 sec", "keepAlive": "0s", "drain": "2d" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:35: timeouts.requestHeaders: expected a duration such as "30s", found 10
            plugins.json:3:58: timeouts.requestBodyIdle: expected a duration such as "30s", found "30 sec"; did you mean "30s"?
            plugins.json:3:81: timeouts.keepAlive: expected a duration of at least 1ms, found "0s"
            plugins.json:3:96: timeouts.drain: expected a duration from 0s to 1d, found "2d"
            """#),
        Broken(
            "more durations",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "timeouts": { "requestHeaders": "1.5s", "requestBodyIdle": "-5s", "keepAlive": "1m30s", "drain": "" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:35: timeouts.requestHeaders: expected a duration such as "30s", found "1.5s"
            plugins.json:3:62: timeouts.requestBodyIdle: expected a duration such as "30s", found "-5s"
            plugins.json:3:82: timeouts.keepAlive: expected a duration such as "30s", found "1m30s"
            plugins.json:3:100: timeouts.drain: expected a duration such as "30s", found ""
            """#),
        Broken(
            "null where something is needed",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "workers": null,
              "limits": null,
              "timeouts": { "drain": null },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:14: workers: expected a whole number, found null
            plugins.json:4:13: limits: expected an object, found null
            plugins.json:5:26: timeouts.drain: expected a duration such as "30s", found null
            """#),
        Broken(
            "state",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "state": { "redis": "127.0.0.1:6379", "timeout": "1m", "whenUnavailable": "locl" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:23: state.redis: expected a URL such as "redis://127.0.0.1:6379/0", found "127.0.0.1:6379"
            plugins.json:3:52: state.timeout: expected a duration from 1ms to 10s, found "1m"
            plugins.json:3:77: state.whenUnavailable: expected one of "local", "allow", "deny", found "locl"; did you mean "local"?
            """#),
        Broken(
            "state without its server",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "state": {},
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:12: state: missing key "redis": expected a URL such as "redis://127.0.0.1:6379/0"
            """#),
        Broken(
            "a choice that is none",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "state": { "redis": "redis://h", "whenUnavailable": true, "prefix": 1 },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:55: state.whenUnavailable: expected one of "local", "allow", "deny", found true
            plugins.json:3:71: state.prefix: expected a string, found 1
            """#),
        Broken(
            "variables",
            #"""
            {
              "listen": "127.0.0.1:${PROT}",
              "admin": "${lower-case}",
              "state": { "redis": "redis://${API_KEY", "prefix": "${file:missing.txt}" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:2:13: listen: the environment variable PROT is not set; did you mean PORT?
            plugins.json:3:12: admin: expected ${NAME} or ${file:PATH}, found "${lower-case}"; write "$${" for a literal "${"
            plugins.json:4:23: state.redis: expected "}" after "${", or "$${" for a literal "${"
            plugins.json:4:54: state.prefix: the file "missing.txt" cannot be read: No such file or directory
            """#),
        Broken(
            "a secret that is wrong is not shown",
            #"""
            {
              "listen": "${API_KEY}",
              "workers": "${API_KEY}",
              "timeouts": { "drain": "${API_KEY}" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:2:13: listen: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found the value of "${API_KEY}"
            plugins.json:3:14: workers: expected a whole number, found the value of "${API_KEY}"
            plugins.json:4:26: timeouts.drain: expected a duration such as "30s", found the value of "${API_KEY}"
            """#),
        Broken(
            "a password that stands in a wrong URL",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "state": { "redis": "rediss://:secret@h:1" },
              "upstreams": { "api": { "url": "http://127.0.0.1:9000" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:23: state.redis: expected a URL such as "redis://127.0.0.1:6379/0", found a string that is not shown
            """#),
    ]
}
