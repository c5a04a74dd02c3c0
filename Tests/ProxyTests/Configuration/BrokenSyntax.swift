/// Broken files, and what an operator is told: what is no JSON.
extension Broken {
    static let syntax: [Broken] = [
        Broken(
            "an empty file",
            #"""

            """#,
            #"""
            plugins.json:1:1: expected a value, found the end of the file
            """#),
        Broken(
            "white space alone",
            #"""
              
            """#,
            #"""
            plugins.json:1:3: expected a value, found the end of the file
            """#),
        Broken(
            "a missing comma between two keys",
            #"""
            {
              "listen": "127.0.0.1:8080"
              "routes": [
                { "name": "a", "path": "/a" "upstream": "api" }
              ]
            }
            """#,
            #"""
            plugins.json:3:3: expected "," or "}", found "routes"
            plugins.json:4:33: routes[0]: expected "," or "}", found "upstream"
            plugins.json:4:45: routes[0].upstream: unknown upstream "api" (known: none)
            """#),
        Broken(
            "a missing comma in a list",
            #"""
            { "listen": ["127.0.0.1:8080" "127.0.0.1:8081"], "routes": [] }
            """#,
            #"""
            plugins.json:1:31: listen: expected "," or "]", found "127.0.0.1:8081"
            """#),
        Broken(
            "a comma too many",
            #"""
            { "listen": "127.0.0.1:8080",, "routes": [] }
            """#,
            #"""
            plugins.json:1:30: expected a key in double quotes, found ","
            """#),
        Broken(
            "a missing value",
            #"""
            { "listen": , "routes": [] }
            """#,
            #"""
            plugins.json:1:13: expected a value, found ","
            """#),
        Broken(
            "an equals sign for a colon",
            #"""
            { "listen" = "127.0.0.1:8080", "routes": [] }
            """#,
            #"""
            plugins.json:1:12: expected ":", found "="
            """#),
        Broken(
            "a missing colon",
            #"""
            { "listen" "127.0.0.1:8080", "routes": [] }
            """#,
            #"""
            plugins.json:1:12: expected ":", found "127.0.0.1:8080"
            """#),
        Broken(
            "a bracket of the wrong kind",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "routes": [
                { "name": "a", "path": "/a" ]
              }
            }
            """#,
            #"""
            plugins.json:4:33: routes[0]: expected "," or "}" (the "{" at 4:5 is open), found "]"
            """#),
        Broken(
            "a file that ends too early",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "routes": [
                { "name": "a",
            """#,
            #"""
            plugins.json:4:19: routes[0]: expected a key in double quotes or "}" (the "{" at 4:5 is open), found the end of the file
            """#),
        Broken(
            "a bracket too many",
            #"""
            { "listen": "127.0.0.1:8080", "routes": [] }
            }
            """#,
            #"""
            plugins.json:2:1: expected the end of the file, found "}"
            """#),
        Broken(
            "a key without quotes",
            #"""
            { listen: "127.0.0.1:8080", routes: [] }
            """#,
            #"""
            plugins.json:1:3: expected a key in double quotes, found listen
            plugins.json:1:29: expected a key in double quotes, found routes
            """#),
        Broken(
            "single quotes",
            #"""
            { 'listen': '127.0.0.1:8080', "routes": [] }
            """#,
            #"""
            plugins.json:1:3: expected a key in double quotes, found 'listen'
            plugins.json:1:13: listen: expected a string in double quotes ("…"), found '127.0.0.1:8080'
            """#),
        Broken(
            "typographic quotes",
            #"""
            { "listen": “127.0.0.1:8080” }
            """#,
            #"""
            plugins.json:1:13: listen: expected a string in straight double quotes ("…"), found the character U+201C
            """#),
        Broken(
            "a string that is not closed",
            #"""
            {
              "listen": "127.0.0.1:8080,
              "workers": 2,
              "routes": []
            }
            """#,
            #"""
            plugins.json:2:29: listen: expected the closing " of a string, found the end of the line
            """#),
        Broken(
            "a value without quotes",
            #"""
            { "listen": localhost, "timeouts": { "drain": 30s }, "routes": [] }
            """#,
            #"""
            plugins.json:1:13: listen: expected a value, found localhost; a string stands in double quotes
            plugins.json:1:47: timeouts.drain: expected a number such as 10 or 0.5, found 30s; a string stands in double quotes
            """#),
        Broken(
            "True and None",
            #"""
            { "listen": "127.0.0.1:8080", "admin": None, "state": Null, "routes": [], "upstreams": { "a": { "url": "http://a", "tls": { "verify": True } } } }
            """#,
            #"""
            plugins.json:1:40: admin: expected a value, found None; a string stands in double quotes
            plugins.json:1:55: state: expected a value, found Null; did you mean null?
            plugins.json:1:135: upstreams.a.tls.verify: expected a value, found True; did you mean true?
            """#),
        Broken(
            "numbers that are none",
            #"""
            { "listen": "127.0.0.1:8080", "workers": 02, "limits": { "connections": +5, "headerCount": 1., "requestLine": .5 } }
            """#,
            #"""
            plugins.json:1:42: workers: expected a number such as 10 or 0.5, found 02
            plugins.json:1:73: limits.connections: expected a number such as 10 or 0.5, found +5
            plugins.json:1:92: limits.headerCount: expected a number such as 10 or 0.5, found 1.
            plugins.json:1:111: limits.requestLine: expected a number such as 10 or 0.5, found .5
            """#),
        Broken(
            "bad escapes",
            #"""
            { "listen": "unix:\/run\s.sock", "admin": "\u12g4", "state": "\ud800", "routes": "\u0000" }
            """#,
            #"""
            plugins.json:1:24: listen: expected an escape (\" \\ \/ \b \f \n \r \t \uXXXX), found \s
            plugins.json:1:44: admin: expected four hexadecimal digits after \u
            plugins.json:1:63: state: expected a pair of surrogates, found \ud800 alone
            plugins.json:1:83: routes: expected a character, found \u0000
            """#),
        Broken(
            "a tab in a string",
            #"""
            { "listen": "127.0.0.1:\#t8080" }
            """#,
            #"""
            plugins.json:1:24: listen: expected the escape \t, found the character U+0009
            """#),
        Broken(
            "a duplicate key",
            #"""
            {
              "listen": "127.0.0.1:8080",
              "routes": [],
              "listen": "127.0.0.1:9090"
            }
            """#,
            #"""
            plugins.json:4:3: duplicate key "listen"; the first is at 2:3
            """#),
        Broken(
            "a comment that is not closed",
            #"""
            { "listen": "127.0.0.1:8080" /* the end }
            """#,
            #"""
            plugins.json:1:30: expected "*/" to end this comment, found the end of the file
            """#),
        Broken(
            "comments with a hash",
            #"""
            {
              # where to listen
              "listen": "127.0.0.1:8080",
              "routes": [] # none yet
            }
            """#,
            #"""
            plugins.json:2:3: expected "//" before a comment, found "#"
            plugins.json:4:16: expected "//" before a comment, found "#"
            """#),
        Broken(
            "columns count characters, not bytes",
            #"""
            { "listen": "127.0.0.1:8080", /* größe 🚦 */ "wörkers": 1, "routes": [] }
            """#,
            #"""
            plugins.json:1:45: unknown key "wörkers"; did you mean "workers"? (known: listen, admin, workers, limits…)
            """#),
        Broken(
            "a control character between values",
            #"""
            { "listen": \#u{7} "127.0.0.1:8080" }
            """#,
            #"""
            plugins.json:1:13: listen: expected a value, found the character U+0007
            """#),
        Broken(
            "nesting without end",
            #"""
            [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
            """#,
            #"""
            plugins.json:1:65: expected at most 64 levels, found more
            """#),
    ]
}
