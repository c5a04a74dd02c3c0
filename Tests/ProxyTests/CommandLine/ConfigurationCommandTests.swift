import PluginAPI
import Testing

@testable import Proxy

@Suite("check, plugins and schema")
struct ConfigurationCommandTests {
    struct Outcome: Equatable {
        var code: Int32 = 0
        var printed: [String] = []
        var complaints: [String] = []
    }

    /// Calls the program with these words.
    private func run(_ words: [String]) -> Outcome {
        let outcome = Locked(Outcome())
        let context = CommandContext(
            registry: TestPlugins.registry, environment: [:], commands: Sluice.builtIn,
            output: { line in outcome.withLock { $0.printed.append(line) } },
            complaints: { line in outcome.withLock { $0.complaints.append(line) } })
        let code = Sluice.run(words, context)
        return outcome.withLock {
            $0.code = code
            return $0
        }
    }

    private func check(_ arguments: String...) -> Outcome { run(["check"] + arguments) }

    private func plugins(_ arguments: String...) -> Outcome { run(["plugins"] + arguments) }

    private static let right =
        #"{ "listen": "127.0.0.1:0", "upstreams": { "a": { "url": "http://a" } }, "routes": [{ "upstream": "a" }] }"#
    private static let wrong =
        #"{ "listen": "x", "upstreams": { "a": { "url": "http://a" }, "b": { "url": "http://b" } }, "routes": [{ "upstream": "a" }] }"#

    // MARK: check

    @Test("a file that is right is fine")
    func fine() throws {
        let folder = try TemporaryFolder()
        let kept = try folder.write("plugins.json", Self.right)
        #expect(check("--config", kept) == Outcome(printed: ["\(kept): fine"]))
        #expect(check("--config=\(kept)") == Outcome(printed: ["\(kept): fine"]))
    }

    @Test("errors and warnings are printed in the file's order, and counted")
    func errors() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("plugins.json", Self.wrong)
        #expect(
            check("--config", file)
                == Outcome(
                    code: 1,
                    printed: [
                        #"\#(file):1:13: listen: expected an address such as "127.0.0.1:8080", "[::1]:8080" or "unix:/path", found "x""#,
                        "\(file):1:66: warning: upstreams.b: no route uses this upstream",
                        "\(file): 1 error, 1 warning",
                    ]))
    }

    @Test("warnings alone are fine")
    func warnings() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "plugins.json", Self.wrong.replacing("\"x\"", with: "\"127.0.0.1:0\""))
        let outcome = check("--config", file)
        #expect(outcome.code == 0)
        #expect(outcome.printed.last == "\(file): 1 warning")
    }

    @Test("the report for programs is one object on one line")
    func json() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("plugins.json", Self.wrong)
        let outcome = check("--json", "--config", file)
        #expect(outcome.code == 1)
        #expect(
            outcome.printed == [
                #"""
                {"ok": false, "errors": [{"file": "\#(file)", "line": 1, "column": 13, "path": "listen", "message": "expected an address such as \"127.0.0.1:8080\", \"[::1]:8080\" or \"unix:/path\", found \"x\""}], "warnings": [{"file": "\#(file)", "line": 1, "column": 66, "path": "upstreams.b", "message": "no route uses this upstream"}]}
                """#
            ])
    }

    @Test("a file that is not there is an error without a line")
    func missing() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/none"
        #expect(
            check("--config", file)
                == Outcome(
                    code: 1,
                    printed: [
                        "\(file): the file cannot be read: No such file or directory",
                        "\(file): 1 error",
                    ]))
        let missing = check("--json", "--config", folder.path + "/none")
        #expect(missing.code == 1)
        #expect(
            missing.printed == [
                #"""
                {"ok": false, "errors": [{"file": "\#(folder.path)/none", "line": null, "column": null, "path": "", "message": "the file cannot be read: No such file or directory"}], "warnings": []}
                """#
            ])
    }

    @Test("paths in the file are meant from its folder")
    func folder() throws {
        let folder = try TemporaryFolder()
        try folder.write("listen", "127.0.0.1:0\n")
        let file = try folder.write(
            "plugins.json", Self.right.replacing("127.0.0.1:0", with: "${file:listen}"))
        #expect(check("--config", file).code == 0)
        #expect(check("--config", folder.path).printed[0].hasSuffix("Is a directory"))
    }

    @Test(
        "a command line that is none is said to be so", arguments: [["--config"], ["x"], ["--jsn"]])
    func wrongCommandLine(arguments: [String]) {
        let outcome = run(["check"] + arguments)
        #expect(outcome.code == 2)
        #expect(outcome.printed.isEmpty)
        #expect(outcome.complaints.count == 1)
        #expect(outcome.complaints[0].hasPrefix("sluice: "))
    }

    // MARK: plugins

    @Test("the list has every plugin with its summary")
    func list() {
        #expect(
            plugins()
                == Outcome(
                    printed: [
                        """
                        gate          Establishes the client's address.
                        limiter       Limits requests per client.
                        path-blocker  Refuses requests whose path is on a list.
                        meter
                        recorder
                        budget
                        opener
                        """
                    ]))
    }

    @Test("a page has phases, facts and every setting")
    func page() {
        #expect(
            plugins("limiter").printed == [
                """
                limiter: Limits requests per client.

                phases  request, response head
                reads   client_address
                writes  none

                config
                  limit  rate (per s, m, h, d), required
                      Requests of each client.
                  window  duration (ms, s, m, h, d), from 1s to 1d, default "1m"
                      Length of the window.
                  key  "address" | "identity" | "route", default "address"
                      What is counted.
                  tiers  list of objects, default []
                      Limits of their own for some networks.
                  tiers[].networks  list of networks, required
                      Who is in the tier.
                  tiers[].limit  rate (per s, m, h, d), required
                      Requests of each client.
                  share  number, from 0 to 1, default 1
                      How much of the limit one client may have.
                  table  size | bytes (bytes, KiB, MiB, GiB, TiB), of at least 64KiB, default "16MiB"
                      Memory for counters.
                  burst  integer | null (requests), from 1 to 1000, default null
                      Requests at once.
                  headers  boolean, default true
                      Whether answers carry the limit.
                  names  map to strings, default {}
                      How clients are shown.
                """
            ])
        #expect(
            plugins("budget").printed == [
                """
                budget

                phases  request, completed
                reads   account (required), amount
                writes  none

                config  none
                """
            ])
    }

    @Test("for programs there is the same as JSON")
    func pluginsJSON() throws {
        let one = try #require(plugins("recorder", "--json").printed.first)
        let read = try #require(JSONReader.read(Array(one.utf8)).value)
        #expect(read["phases"]?.writtenJSON == ["completed"])
        #expect(
            read["reads"]?.array?[1].writtenJSON == [
                "name": "amount", "required": false, "whenCompleted": true,
            ])
        #expect(
            read["settings"]?.array?[0].writtenJSON == [
                "key": "file", "type": "string", "unit": nil, "bounds": nil, "required": false,
                "default": "records.jsonl", "meaning": "Where records go.",
            ])
        let all = try #require(plugins("--json").printed.first)
        #expect(JSONReader.read(Array(all.utf8)).value?.array?.count == 7)
    }

    @Test(
        "an unknown plugin is an error with the nearest name, a wrong option a wrong command line")
    func unknownPlugin() {
        let outcome = plugins("limitr")
        #expect(outcome.code == 1)
        #expect(
            outcome.complaints == [
                #"sluice: unknown plugin "limitr"; did you mean "limiter"? (known: gate, limiter, path-blocker, meter…)"#
            ])
        #expect(plugins("--all").code == 2)
        #expect(plugins("gate", "limiter").code == 2)
    }

    // MARK: schema

    @Test("the schema has every key of the file and the settings of every plugin")
    func schema() throws {
        let outcome = run(["schema"])
        #expect(outcome.code == 0)
        let schema = try #require(JSONReader.read(Array(outcome.printed[0].utf8)).value)
        #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
        #expect(
            schema["properties"]?.object?.map(\.name) == RootSettings.settings.map(\.key))
        #expect(schema["required"]?.writtenJSON == ["listen"])
        #expect(schema["additionalProperties"]?.writtenJSON == false)
        let entry = try #require(schema["$defs"]?["pluginEntry"])
        let cases = try #require(entry["allOf"]?.array)
        #expect(
            cases.map { $0["if"]?["properties"]?["plugin"]?["const"]?.string }
                == TestPlugins.registry.names.map(Optional.some))
        let limiter = try #require(cases[1]["then"])
        #expect(limiter["required"]?.writtenJSON == ["config"])
        let config = try #require(limiter["properties"]?["config"])
        #expect(config["required"]?.writtenJSON == ["limit"])
        #expect(
            config["properties"]?["limit"]?.writtenJSON == [
                "description": "Requests of each client.", "type": "string",
                "pattern": #"(^[1-9][0-9]*/[smhd]$)|\$\{"#,
            ])
        #expect(
            config["properties"]?["burst"]?.writtenJSON == [
                "description": "Requests at once. (from 1 to 1000)",
                "anyOf": [
                    ["anyOf": [["type": "integer"], ["$ref": "#/$defs/substituted"]]],
                    ["type": "null"],
                ], "minimum": 1, "maximum": 1000, "default": nil,
            ])
        #expect(run(["schema", "x"]).code == 2)
    }
}
