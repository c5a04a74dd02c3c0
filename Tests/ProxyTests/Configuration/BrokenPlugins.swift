/// Broken files, and what an operator is told: entries of plugins and their order.
extension Broken {
    static let plugins: [Broken] = [
        Broken(
            "an unknown plugin",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limitr" }, { "plugin": "frobnicator" }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:27: plugins[0].plugin: unknown plugin "limitr"; did you mean "limiter"? (known: gate, limiter, path-blocker, meter…)
            plugins.json:4:51: plugins[1].plugin: unknown plugin "frobnicator" (known: gate, limiter, path-blocker, meter, recorder, budget, opener)
            """#),
        Broken(
            "an entry without plugin",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "config": {} }, {}, "limiter"],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:15: plugins[0]: missing key "plugin": expected the name of a plugin
            plugins.json:4:33: plugins[1]: missing key "plugin": expected the name of a plugin
            plugins.json:4:37: plugins[2]: expected an object, found "limiter"
            """#),
        Broken(
            "an unknown key of an entry",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "path-blocker", "conf": { "paths": [] } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:43: plugins[0]: unknown key "conf"; did you mean "config"? (known: plugin, label, enabled, mode…)
            """#),
        Broken(
            "an unknown mode",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "path-blocker", "mode": "obsrve", "enabled": "no" }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:51: plugins[0].mode: expected one of "enforce", "observe", found "obsrve"; did you mean "observe"?
            plugins.json:4:72: plugins[0].enabled: expected true or false, found "no"
            """#),
        Broken(
            "the contract's two examples",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [
                {
                  "plugin": "limiter",
                  "config": {
                    "limit": "60 per minute",
                    "windw": "60s"
                  }
                }
              ],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:8:18: plugins[0].config.limit: expected a rate such as "60/m", found "60 per minute"
            plugins.json:9:9: plugins[0].config: unknown key "windw"; did you mean "window"? (known: limit, window, key, tiers…)
            """#),
        Broken(
            "a required key without config",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter" }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:15: plugins[0].config: missing key "limit": expected a rate such as "60/m"
            """#),
        Broken(
            "a required key in an empty config",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": {} }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:48: plugins[0].config: missing key "limit": expected a rate such as "60/m"
            """#),
        Broken(
            "config that is no object",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": ["60/m"] }, { "plugin": "gate", "config": null }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:15: warning: plugins[0]: "limiter" reads client_address before "gate" (plugins[1]) writes it; move "gate" before "limiter"
            plugins.json:4:48: plugins[0].config: expected an object, found a list
            plugins.json:4:60: plugins[1].config: missing key "trusted": expected a list of networks that is not empty
            """#),
        Broken(
            "rates",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": { "limit": "0/m" } }, { "plugin": "limiter", "label": "b", "config": { "limit": "60/min" } },
                { "plugin": "limiter", "label": "c", "config": { "limit": 60 } }, { "plugin": "limiter", "label": "d", "config": { "limit": "${RATE}" } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:59: plugins[0].config.limit: expected a rate such as "60/m", found "0/m"
            plugins.json:4:128: plugins[1].config.limit: expected a rate such as "60/m", found "60/min"
            plugins.json:5:63: plugins[2].config.limit: expected a rate such as "60/m", found 60
            plugins.json:5:129: plugins[3].config.limit: expected a rate such as "60/m", found the value of "${RATE}"
            """#),
        Broken(
            "bounds",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": { "limit": "60/m", "window": "500ms", "share": 1.5, "table": "1KiB", "burst": 0 } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:77: plugins[0].config.window: expected a duration from 1s to 1d, found "500ms"
            plugins.json:4:95: plugins[0].config.share: expected a number from 0 to 1, found 1.5
            plugins.json:4:109: plugins[0].config.table: expected a size of at least 64KiB, found "1KiB"
            plugins.json:4:126: plugins[0].config.burst: expected a whole number from 1 to 1000, found 0
            """#),
        Broken(
            "types",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": { "limit": "60/m", "window": true, "share": "half", "table": {}, "burst": "5", "key": "ip", "headers": 1, "names": { "a": 1 } } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:77: plugins[0].config.window: expected a duration such as "30s", found true
            plugins.json:4:92: plugins[0].config.share: expected a number, found "half"
            plugins.json:4:109: plugins[0].config.table: expected a size such as "64KiB" or a number of bytes, found an empty object
            plugins.json:4:122: plugins[0].config.burst: expected a whole number, found "5"
            plugins.json:4:134: plugins[0].config.key: expected one of "address", "identity", "route", found "ip"
            plugins.json:4:151: plugins[0].config.headers: expected true or false, found 1
            plugins.json:4:170: plugins[0].config.names.a: expected a string, found 1
            """#),
        Broken(
            "nested settings",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": { "limit": "60/m", "tiers": [
                  { "networks": ["10.0.0.0/8"], "limit": "5/s" },
                  { "network": ["10.0.0.0/8"], "limit": "5 per s" },
                  { "networks": "10.0.0.0/8", "limit": "1/d" }
                ] } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:6:7: plugins[0].config.tiers[1]: missing key "networks": expected a list of networks
            plugins.json:6:9: plugins[0].config.tiers[1]: unknown key "network"; did you mean "networks"? (known: networks, limit)
            plugins.json:6:45: plugins[0].config.tiers[1].limit: expected a rate such as "60/m", found "5 per s"
            plugins.json:7:21: plugins[0].config.tiers[2].networks: expected a list of networks, found "10.0.0.0/8"
            """#),
        Broken(
            "networks",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "gate", "config": { "trusted": ["10.0.0.1/8", "10.0.0.0/33", "loopbck", "::1/128", 10] } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:59: plugins[0].config.trusted[0]: expected a network such as "10.0.0.0/8", found "10.0.0.1/8"; did you mean "10.0.0.0/8"?
            plugins.json:4:73: plugins[0].config.trusted[1]: expected a network such as "10.0.0.0/8", found "10.0.0.0/33"
            plugins.json:4:88: plugins[0].config.trusted[2]: expected a network such as "10.0.0.0/8", found "loopbck"
            plugins.json:4:110: plugins[0].config.trusted[4]: expected a network such as "10.0.0.0/8", found 10
            """#),
        Broken(
            "an empty list where one is needed",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "gate", "config": { "trusted": [], "header": "" } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:58: plugins[0].config.trusted: expected a list of networks that is not empty, found an empty list
            plugins.json:4:72: plugins[0].config.header: expected a string that is not empty, found ""
            """#),
        Broken(
            "a plugin that finds a setting wrong",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [
                { "plugin": "opener", "config": { "fails": "setting", "file": "a.txt" } },
                { "plugin": "opener", "label": "b", "config": { "fails": "setting" } },
                { "plugin": "opener", "label": "c", "config": { "fails": "whole" } },
                { "plugin": "opener", "label": "d", "config": { "fails": "part", "parts": [{ "from": 1, "to": 2 }] } },
                { "plugin": "opener", "label": "e", "config": { "fails": "other" } }
              ],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:5:67: plugins[0].config.file: expected a readable file, found "a.txt": no such file
            plugins.json:6:51: plugins[1].config.file: expected a readable file, found "missing.txt": no such file
            plugins.json:7:51: plugins[2].config: nothing to open
            plugins.json:8:99: plugins[3].config.parts[0].to: past the end of the file
            plugins.json:9:51: plugins[4].config: the disk is on fire
            """#),
        Broken(
            "settings that do not go together",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "opener", "config": { "parts": [{ "from": 1, "to": 2 }, { "from": 3, "to": 2 }, { "from": 3 }] } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:102: plugins[0].config.parts[1].to: expected a number of at least 3, found 2
            plugins.json:4:107: plugins[0].config.parts[2].to: expected a number of at least 3, found 0
            """#),
        Broken(
            "a plugin that is not enabled is checked",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "enabled": false, "config": { "limit": "60" } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:77: plugins[0].config.limit: expected a rate such as "60/m", found "60"
            """#),
        Broken(
            "the same plugin twice in one chain",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "path-blocker" }, { "plugin": "path-blocker" }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:45: plugins[1]: "path-blocker" stands at plugins[0] too; give one of them a "label", by which logs and metrics tell them apart
            """#),
        Broken(
            "the same label twice",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "path-blocker", "label": "a" }, { "plugin": "gate", "label": "a", "config": { "trusted": ["::/0"] } }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:88: plugins[1].label: the label "a" is taken by plugins[0]; expected one of its own
            """#),
        Broken(
            "the same plugin twice in a route",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [],
              "routes": [{ "name": "all", "upstream": "api", "plugins": [{ "plugin": "path-blocker" }, { "plugin": "path-blocker" }] }]
            }
            """#,
            #"""
            plugins.json:5:92: routes[0].plugins[1]: "path-blocker@all" stands at routes[0].plugins[0] too; give one of them a "label", by which logs and metrics tell them apart
            """#),
        Broken(
            "a fact that is read before it is written",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [
                { "plugin": "limiter", "config": { "limit": "60/m" } },
                { "plugin": "gate", "config": { "trusted": ["10.0.0.0/8"] } }
              ],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:5:5: warning: plugins[0]: "limiter" reads client_address before "gate" (plugins[1]) writes it; move "gate" before "limiter"
            """#),
        Broken(
            "a fact that is read at the top and written in a route",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "limiter", "config": { "limit": "60/m" } }],
              "routes": [{ "name": "all", "upstream": "api",
                "plugins": [{ "plugin": "gate", "config": { "trusted": ["10.0.0.0/8"] } }] }]
            }
            """#,
            #"""
            plugins.json:4:15: warning: plugins[0]: "limiter" reads client_address before "gate" (routes[0].plugins[0]) writes it; move "gate" to the top-level plugins, before "limiter"
            """#),
        Broken(
            "a fact that no order can bring in time",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "plugins": [{ "plugin": "meter" }, { "plugin": "budget" }],
              "routes": [{ "name": "all", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:38: warning: plugins[1]: "budget" reads amount in the request phase, and "meter" (plugins[0]) writes it only in the completed phase, later in every order
            plugins.json:4:38: warning: plugins[1]: "budget" needs account, which nothing in this chain writes; no registered plugin does
            """#),
    ]
}
