/// Broken files, and what an operator is told: routes.
extension Broken {
    static let routes: [Broken] = [
        Broken(
            "no routes",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": []
            }
            """#,
            #"""
            plugins.json:4:13: warning: routes: no routes: every request is answered with 404
            """#),
        Broken(
            "an unknown upstream",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "upstream": "apl" }, { "name": "b", "path": "/b", "upstream": "backend" }]
            }
            """#,
            #"""
            plugins.json:4:41: routes[0].upstream: unknown upstream "apl"; did you mean "api"? (known: api)
            plugins.json:4:50: warning: routes[1]: can never match: routes[0] ("a") before it takes every such request; move this route up, or narrow that one
            plugins.json:4:91: routes[1].upstream: unknown upstream "backend" (known: api)
            """#),
        Broken(
            "paths that are none",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [
                { "name": "a", "path": "v1", "upstream": "api" },
                { "name": "b", "path": "/v1*", "upstream": "api" },
                { "name": "c", "path": "/*/x", "upstream": "api" },
                { "name": "d", "path": "/a?b=c", "upstream": "api" },
                { "name": "e", "path": "/grün", "upstream": "api" },
                { "name": "f", "path": "https://a/b", "upstream": "api" },
                { "name": "g", "path": ["/a"], "upstream": "api" }
              ]
            }
            """#,
            #"""
            plugins.json:5:28: routes[0].path: expected a path such as "/v1/models" or "/v1/*", found "v1"; did you mean "/v1"?
            plugins.json:6:28: routes[1].path: expected "*" only at the end, after a slash, found "/v1*"
            plugins.json:7:28: routes[2].path: expected "*" only at the end, after a slash, found "/*/x"
            plugins.json:8:28: routes[3].path: expected a path without "?" and "#", other characters than visible ASCII percent-encoded, found "/a?b=c"
            plugins.json:9:28: routes[4].path: expected a path without "?" and "#", other characters than visible ASCII percent-encoded, found "/grün"
            plugins.json:10:28: routes[5].path: expected a path such as "/v1/models" or "/v1/*", found "https://a/b"
            plugins.json:11:28: routes[6].path: expected a path such as "/v1/models" or "/v1/*", found a list
            """#),
        Broken(
            "methods that are none",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "methods": ["get", "PO ST", 5], "upstream": "api" }, { "name": "b", "methods": "GET", "upstream": "api" }, { "name": "c", "methods": [], "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:41: routes[0].methods[0]: expected a method such as "POST", found "get"; did you mean "GET"?
            plugins.json:4:48: routes[0].methods[1]: expected a method such as "POST", found "PO ST"
            plugins.json:4:57: routes[0].methods[2]: expected a method such as "POST", found 5
            plugins.json:4:108: routes[1].methods: expected a list of methods, found "GET"
            plugins.json:4:162: routes[2].methods: expected a list of methods that is not empty, found an empty list
            """#),
        Broken(
            "hosts that are none",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "host": "example.com:80", "upstream": "api" }, { "name": "b", "host": ["api.*.example", "a b"], "upstream": "api" }, { "name": "c", "host": [], "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:37: routes[0].host: expected a host such as "api.example.com" or "*.example.com" without port, found "example.com:80"; did you mean "example.com"?
            plugins.json:4:100: routes[1].host[0]: expected a host such as "api.example.com" or "*.example.com", found "api.*.example"
            plugins.json:4:117: routes[1].host[1]: expected a host such as "api.example.com" or "*.example.com", found "a b"
            plugins.json:4:169: routes[2].host: expected a host such as "api.example.com" or "*.example.com", or a list of them, found an empty list
            """#),
        Broken(
            "the same name twice",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "path": "/a", "upstream": "api" }, { "name": "a", "path": "/b", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:74: routes[1].name: the name "a" is taken by routes[0]; expected a name of its own
            """#),
        Broken(
            "two routes without name and with the same path",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "path": "/a", "methods": ["GET"], "upstream": "api" }, { "path": "/a", "methods": ["POST"], "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:71: routes[1]: the name "/a" is taken by routes[0]; give this route a "name"
            """#),
        Broken(
            "a route that can never match",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "all", "upstream": "api" }, { "name": "search", "path": "/search", "methods": ["GET"], "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:52: warning: routes[1]: can never match: routes[0] ("all") before it takes every such request; move this route up, or narrow that one
            """#),
        Broken(
            "a route that two earlier ones shadow",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [
                { "name": "read", "path": "/v1/*", "methods": ["GET", "HEAD"], "upstream": "api" },
                { "name": "write", "path": "/v1/*", "methods": ["POST"], "upstream": "api" },
                { "name": "items", "path": "/v1/items", "methods": ["GET", "POST"], "upstream": "api" },
                { "name": "more", "path": "/v1/items", "methods": ["GET", "DELETE"], "upstream": "api" }
              ]
            }
            """#,
            #"""
            plugins.json:7:5: warning: routes[2]: can never match: routes[0] ("read") and routes[1] ("write") before it take every such request; move this route up, or narrow those
            """#),
        Broken(
            "a route of a host that an earlier one takes",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "host": ["A.example.com", "b.example.com"], "upstream": "api" }, { "name": "b", "host": "b.example.com", "path": "/x", "upstream": "api" }, { "name": "c", "path": "/x", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:94: warning: routes[1]: can never match: routes[0] ("a") before it takes every such request; move this route up, or narrow that one
            """#),
        Broken(
            "a route that nothing answers",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "path": "/a" }, { "name": "b", "path": "/b", "plugins": [{ "plugin": "path-blocker" }] }, { "name": "c", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:14: routes[0]: missing key "upstream": expected the name of an upstream, because no plugin of this route answers requests
            plugins.json:4:45: warning: routes[1]: no upstream: a request that no plugin answers gets 404
            """#),
        Broken(
            "rewrites",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [{ "name": "a", "path": "/a/*", "upstream": "api", "rewrite": { "stripPrefix": "/b", "addPrefix": "c/" } }, { "name": "b", "upstream": "api", "rewrite": { "stripPrefix": "/b/", "strip": "/" } }, { "name": "c", "path": "/c/*", "upstream": "api", "rewrite": { "stripPrefix": "/d" } }]
            }
            """#,
            #"""
            plugins.json:4:111: routes[0].rewrite.addPrefix: expected a path such as "/api", found "c/"; did you mean "/c/"?
            plugins.json:4:183: routes[1].rewrite.stripPrefix: expected a path such as "/api", without "/" or "*" at its end, found "/b/"
            plugins.json:4:190: routes[1].rewrite: unknown key "strip"; did you mean "stripPrefix"? (known: stripPrefix, addPrefix)
            plugins.json:4:286: warning: routes[2].rewrite.stripPrefix: no path of this route begins with "/d": its path is "/c/*"
            """#),
        Broken(
            "several things at once",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": [
                { "nme": "a", "path": "x", "upstream": "nowhere", "plugins": [{ "plugin": "limiter", "config": { "limit": "5" } }] },
                { "name": "b", "upstream": "api", "plugins": [{ "plugin": "limiter" }] }
              ]
            }
            """#,
            #"""
            plugins.json:5:7: routes[0]: unknown key "nme"; did you mean "name"? (known: name, host, methods, path…)
            plugins.json:5:27: routes[0].path: expected a path such as "/v1/models" or "/v1/*", found "x"; did you mean "/x"?
            plugins.json:5:44: routes[0].upstream: unknown upstream "nowhere" (known: api)
            plugins.json:5:111: routes[0].plugins[0].config.limit: expected a rate such as "60/m", found "5"
            plugins.json:6:51: routes[1].plugins[0].config: missing key "limit": expected a rate such as "60/m"
            """#),
        Broken(
            "a route that is no object",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "upstreams": { "api": { "url": "http://a" } },
              "routes": ["/v1/*", { "name": "c", "upstream": "api" }]
            }
            """#,
            #"""
            plugins.json:4:14: routes[0]: expected an object, found "/v1/*"
            """#),
    ]
}
