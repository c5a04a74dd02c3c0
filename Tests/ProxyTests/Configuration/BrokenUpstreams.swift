/// Broken files, and what an operator is told: upstreams.
extension Broken {
    static let upstreams: [Broken] = [
        Broken(
            "URLs that are none",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": {
                "api": { "url": "api.example.com" },
                "b": { "url": "127.0.0.1:9000" },
                "c": { "url": "ftp://a" },
                "d": { "url": "http://" },
                "e": { "url": "http://a b" },
                "f": { "url": "http://a:0" },
                "g": { "url": 5 },
                "h": { "url": "unix:relative" }
              },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:21: upstreams.api.url: expected a URL such as "https://api.example.com" or "unix:/path", found "api.example.com"; did you mean "https://api.example.com"?
            plugins.json:5:10: warning: upstreams.b: no route uses this upstream
            plugins.json:5:19: upstreams.b.url: expected a URL such as "https://api.example.com" or "unix:/path", found "127.0.0.1:9000"; did you mean "http://127.0.0.1:9000"?
            plugins.json:6:10: warning: upstreams.c: no route uses this upstream
            plugins.json:6:19: upstreams.c.url: expected a URL such as "https://api.example.com" or "unix:/path", found "ftp://a"
            plugins.json:7:10: warning: upstreams.d: no route uses this upstream
            plugins.json:7:19: upstreams.d.url: expected a URL such as "https://api.example.com" or "unix:/path", found "http://"
            plugins.json:8:10: warning: upstreams.e: no route uses this upstream
            plugins.json:8:19: upstreams.e.url: expected a URL such as "https://api.example.com" or "unix:/path", found "http://a b"
            plugins.json:9:10: warning: upstreams.f: no route uses this upstream
            plugins.json:9:19: upstreams.f.url: expected a URL such as "https://api.example.com" or "unix:/path", found "http://a:0"
            plugins.json:10:10: warning: upstreams.g: no route uses this upstream
            plugins.json:10:19: upstreams.g.url: expected a URL such as "https://api.example.com" or "unix:/path", found 5
            plugins.json:11:10: warning: upstreams.h: no route uses this upstream
            plugins.json:11:19: upstreams.h.url: expected an absolute path of at most 107 bytes after "unix:", found "unix:relative"
            """#),
        Broken(
            "a URL with a path",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "https://api.example.com/v1" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:34: upstreams.api.url: expected a URL without a path, found "/v1"; a route's "rewrite" with "addPrefix" puts a path in front
            """#),
        Broken(
            "a URL with a user",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "https://me:secret@api.example.com" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:34: upstreams.api.url: expected a URL without a user; set an "authorization" header instead
            """#),
        Broken(
            "neither url nor targets",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": {} },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:25: upstreams.api: expected "url" or "targets", found neither
            """#),
        Broken(
            "both url and targets",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a", "targets": [{ "url": "http://b" }] } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:57: upstreams.api.targets: expected "url" or "targets", found both
            """#),
        Broken(
            "targets",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "balance": "roundrobin", "targets": [{ "url": "http://a", "weight": 0 }, { "weight": 2 }, "http://c"] } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:38: upstreams.api.balance: expected one of "round-robin", "least-requests", "random", found "roundrobin"; did you mean "round-robin"?
            plugins.json:3:95: upstreams.api.targets[0].weight: expected a whole number from 1 to 1000, found 0
            plugins.json:3:100: upstreams.api.targets[1]: missing key "url": expected a URL such as "https://api.example.com" or "unix:/path"
            plugins.json:3:117: upstreams.api.targets[2]: expected an object, found "http://c"
            """#),
        Broken(
            "the same target twice",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "targets": [{ "url": "http://a" }, { "url": "http://A:80/" }] } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:62: upstreams.api.targets[1]: the same target as targets[0]; give that one a higher "weight"
            """#),
        Broken(
            "no targets",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "targets": [] } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:38: upstreams.api.targets: expected a list of objects that is not empty, found an empty list
            """#),
        Broken(
            "header fields",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": {
                "api": {
                  "url": "http://a",
                  "headers": {
                    "x team": "a", "Content-Length": "5", "x-a": "one\r\ntwo", "x-b": " padded", "X-B": "b", "x-c": 5
                  }
                }
              },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:7:9: upstreams.api.headers["x team"]: expected the name of a header field, found "x team"
            plugins.json:7:24: upstreams.api.headers.Content-Length: "Content-Length" is set by the proxy itself and cannot be set here
            plugins.json:7:54: upstreams.api.headers.x-a: expected a header field's value, without line breaks, control characters and white space at its ends, found a string that is not shown
            plugins.json:7:75: upstreams.api.headers.x-b: expected a header field's value, without line breaks, control characters and white space at its ends, found a string that is not shown
            plugins.json:7:86: upstreams.api.headers.X-B: "X-B" stands twice; names are the same in any case
            plugins.json:7:105: upstreams.api.headers.x-c: expected a string, found a number that is not shown
            """#),
        Broken(
            "upstream choices",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a", "httpVersion": 2, "connections": 0, "timeouts": { "conect": "1s" }, "tls": { "verify": "yes", "caFile": "missing.pem" } } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:61: upstreams.api.httpVersion: expected one of "auto", "1.1", "2", found 2
            plugins.json:3:79: upstreams.api.connections: expected a whole number from 1 to 100000, found 0
            plugins.json:3:96: upstreams.api.timeouts: unknown key "conect"; did you mean "connect"? (known: connect, responseHeaders, idle)
            plugins.json:3:133: upstreams.api.tls.verify: expected true or false, found "yes"
            """#),
        Broken(
            "health out of bounds",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": {
                "api": {
                  "targets": [{ "url": "http://a" }, { "url": "http://b" }],
                  "health": {
                    "passive": {
                      "consecutiveFailures": 0, "errorShare": 50, "minimumRequests": 0, "window": "500ms",
                      "statuses": [503, 429], "ejectFor": "0s", "maximumEjected": 0, "slowStart": "5s"
                    },
                    "active": { "path": "healthz", "interval": "10ms", "timeout": "2m", "statuses": [100], "headers": { "host": 5 } },
                    "slowStart": "1d"
                  }
                }
              },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:8:34: upstreams.api.health.passive.consecutiveFailures: expected a whole number from 1 to 1000, found 0
            plugins.json:8:51: upstreams.api.health.passive.errorShare: expected a number from 0.01 to 1, found 50
            plugins.json:8:74: upstreams.api.health.passive.minimumRequests: expected a whole number from 1 to 100000, found 0
            plugins.json:8:87: upstreams.api.health.passive.window: expected a duration from 1s to 1h, found "500ms"
            plugins.json:9:29: upstreams.api.health.passive.statuses[1]: expected a whole number from 500 to 599, found 429
            plugins.json:9:47: upstreams.api.health.passive.ejectFor: expected a duration from 100ms to 1d, found "0s"
            plugins.json:9:71: upstreams.api.health.passive.maximumEjected: expected a number from 0.01 to 1, found 0
            plugins.json:9:74: upstreams.api.health.passive: unknown key "slowStart" (known: consecutiveFailures, errorShare, minimumRequests, window, statuses, ejectFor, ejectForAtMost, maximumEjected)
            plugins.json:11:29: upstreams.api.health.active.path: expected a path such as "/healthz", found "healthz"; did you mean "/healthz"?
            plugins.json:11:52: upstreams.api.health.active.interval: expected a duration from 100ms to 1h, found "10ms"
            plugins.json:11:71: upstreams.api.health.active.timeout: expected a duration from 1ms to 1m, found "2m"
            plugins.json:11:90: upstreams.api.health.active.statuses[0]: expected a whole number from 200 to 599, found 100
            plugins.json:11:117: upstreams.api.health.active.headers.host: expected a string, found a number that is not shown
            plugins.json:12:22: upstreams.api.health.slowStart: expected a duration from 0s to 1h, found "1d"
            """#),
        Broken(
            "health checks without a path",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a", "health": { "active": { "interval": "5s" } } } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:68: upstreams.api.health.active: missing key "path": expected a path such as "/healthz"
            """#),
        Broken(
            "an ejection that is to last at most less than at first",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "targets": [{ "url": "http://a" }, { "url": "http://b" }], "health": { "passive": { "ejectFor": "1m", "ejectForAtMost": "10s" } } } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:147: upstreams.api.health.passive.ejectForAtMost: expected at least "ejectFor", found less
            """#),
        Broken(
            "health settings without effect",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": {
                "one": { "url": "http://a", "health": { "passive": { "ejectFor": "1s" } } },
                "none": { "targets": [{ "url": "http://a" }, { "url": "http://b" }], "health": { "passive": { "consecutiveFailures": null, "errorShare": null } } },
                "off": { "targets": [{ "url": "http://a" }, { "url": "http://b" }], "health": { "passive": null, "slowStart": "1m" } },
                "slow": { "url": "http://a", "health": { "passive": null, "active": { "path": "/", "interval": "1s", "timeout": "2s" } } },
                "fine": { "url": "http://a", "health": { "active": { "path": "/up?deep=1" } } }
              },
              "routes": [
                { "path": "/1", "upstream": "one" }, { "path": "/2", "upstream": "none" }, { "path": "/3", "upstream": "off" },
                { "path": "/4", "upstream": "slow" }, { "path": "/5", "upstream": "fine" }
              ]
            }
            """#,
            #"""
            plugins.json:4:56: warning: upstreams.one.health.passive: there is one target, and the last one is never ejected
            plugins.json:5:97: warning: upstreams.none.health.passive: nothing ejects a target: both "consecutiveFailures" and "errorShare" are null
            plugins.json:6:115: warning: upstreams.off.health.slowStart: no target returns, because none is taken out: "passive" and "active" are null
            plugins.json:7:117: warning: upstreams.slow.health.active.timeout: a check may take longer than "interval": the next one waits for its end
            """#),
        Broken(
            "an upstream that nobody uses",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" }, "old": { "url": "http://b" } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:55: warning: upstreams.old: no route uses this upstream
            """#),
        Broken(
            "upstreams as a list",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": [{ "name": "api", "url": "http://a" }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:16: upstreams: expected an object, found a list
            """#),
        Broken(
            "secrets that are wrong are not shown",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "ftp://me:secret@a", "headers": { "authorization": "Bearer secret\n", "x-key": 5 } } },
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:3:34: upstreams.api.url: expected a URL such as "https://api.example.com" or "unix:/path", found a string that is not shown
            plugins.json:3:85: upstreams.api.headers.authorization: expected a header field's value, without line breaks, control characters and white space at its ends, found a string that is not shown
            plugins.json:3:113: upstreams.api.headers.x-key: expected a string, found a number that is not shown
            """#),
    ]
}
