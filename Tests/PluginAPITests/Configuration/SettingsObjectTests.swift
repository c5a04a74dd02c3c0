import Testing

@testable import PluginAPI

@Suite("Objects of settings")
struct SettingsObjectTests {
    struct Tier: SettingsObject {
        @Setting("networks", "Who is in it.", count: 1...) var networks: [Network]
        @Setting("limit", "Requests of each.") var limit: Rate
    }

    struct Configuration: PluginConfiguration {
        @Setting("limit", "Requests of each client.") var limit: Rate
        @Setting("window", "Length of the window.", in: .seconds(1) ... .seconds(86400))
        var window: Duration = .seconds(60)
        @Setting("minimum", "Fewer are not judged.", in: 1..., unit: "requests")
        var minimum: Int = 100
        @Setting("grace", "How long nothing is done.", in: .zero...) var grace: Duration = .zero
        @Setting("tiers", "Limits of their own.") var tiers: [Tier] = []
        @Setting("file", "Where records go.", count: 1...) var file: String?
        @Setting("password", "Of the collector.", secret: true) var password: String?
        @Setting("share", "Of the limit.", in: 0.0...1.0) var share: Double?
    }

    private func errors(_ json: JSONValue) -> String { Configuration.reading(json) }

    @Test("what is left out has its default, what is given is read")
    func decoding() throws {
        let read = try Configuration(
            setting: ConfigurationValue([
                "limit": "60/m", "grace": "0s",
                "tiers": [["networks": ["10.0.0.0/8"], "limit": "5/s"]],
            ]))
        #expect(read.limit == Rate(60, per: .minute))
        #expect(read.window == .seconds(60))
        #expect(read.minimum == 100)
        #expect(read.grace == .zero)
        #expect(read.tiers.map(\.limit) == [Rate(5, per: .second)])
        #expect(read.tiers[0].networks.map(\.description) == ["10.0.0.0/8"])
        #expect(read.file == nil)
        #expect(read.$limit?.path.description == "limit")
        #expect(read.$window == nil)
    }

    @Test("every error of an object is found at once, with its path")
    func errors() {
        #expect(
            errors([
                "window": "2d", "minimum": 0, "tiers": [["limit": "5"], "x"], "share": 2,
                "file": "", "widow": 1,
            ]) == #"""
                unknown key "widow"; did you mean "window"? (known: limit, window, minimum, grace…)
                missing key "limit": expected a rate such as "60/m"
                window: expected a duration from 1s to 1d, found "2d"
                minimum: expected a whole number of at least 1, found 0
                tiers[0]: missing key "networks": expected a list of networks that is not empty
                tiers[0].limit: expected a rate such as "60/m", found "5"
                tiers[1]: expected an object, found "x"
                file: expected a string that is not empty, found ""
                share: expected a number from 0 to 1, found 2
                """#)
    }

    @Test("an error inside an element does not make its other settings look missing")
    func unreadable() throws {
        let value = ConfigurationValue(
            .object([
                .init(
                    name: "limit", namePosition: .init(line: 1, column: 1),
                    value: ConfigurationValue(.unreadable))
            ]))
        let error = try #require(throws: ConfigurationError.self) {
            try Configuration(setting: value)
        }
        #expect(error.issues.isEmpty, "it has been reported by whoever could not read it")
    }

    @Test("a test sets what it needs, and changes its own copy only")
    func assigning() {
        var one = Configuration()
        one.limit = Rate(5, per: .second)
        var other = one
        other.limit = Rate(6, per: .second)
        other.window = .seconds(1)
        #expect(one.limit == Rate(5, per: .second))
        #expect(one.window == .seconds(60))
        #expect(other.limit == Rate(6, per: .second))
        #expect(Configuration().window == .seconds(60))
    }

    @Test("the description has everything that the declaration says")
    func description() throws {
        let settings = Configuration.settings
        #expect(
            settings.map(\.key) == [
                "limit", "window", "minimum", "grace", "tiers", "file", "password", "share",
            ])
        #expect(settings.filter(\.isRequired).map(\.key) == ["limit"])
        let window = settings[1]
        #expect(window.meaning == "Length of the window.")
        #expect(window.type.name == "duration")
        #expect(window.unit == "ms, s, m, h, d")
        #expect(window.bounds == "from 1s to 1d")
        #expect(window.defaultValue == "1m")
        #expect(settings[2].unit == "requests")
        #expect(settings[2].bounds == "of at least 1")
        #expect(settings[5].defaultValue == .null)
        #expect(settings[5].bounds == "not empty")
        #expect(settings[6].isSecret)
        #expect(settings[4].type.name == "list of objects")
    }

    @Test("the settings in force are shown with their defaults and without secrets")
    func effective() throws {
        let read = try Configuration(
            setting: ConfigurationValue(["limit": "60/m", "password": "swordfish"]))
        #expect(
            read.settingJSON.description == #"""
                {"limit": "60/m", "window": "1m", "minimum": 100, "grace": "0s", "tiers": [], "file": null, "password": "[redacted]", "share": null}
                """#)
    }

    @Test("a secret is not shown in an error either")
    func secretErrors() {
        #expect(
            errors(["limit": "1/s", "password": 12345])
                == "password: expected a string, found a number that is not shown")
    }

    @Test("an error names a setting by its key path, also one that is not in the file")
    func locating() throws {
        let config = ConfigurationValue(
            ["tiers": [["limit": "5/s"], ["limit": "6/s"]]],
            path: .key(.index(.key(.root, "plugins"), 2), "config"))
        let paths = ["tiers[1].limit", "tiers[7].limit", "file", "", "tiers"].map { setting in
            let error = ConfigurationError(setting: setting, "wrong").located(in: config)
            guard case .at(let path, _) = error.issues[0].place else { return "nowhere" }
            return path.description
        }
        #expect(
            paths == [
                "plugins[2].config.tiers[1].limit", "plugins[2].config.tiers[7].limit",
                "plugins[2].config.file", "plugins[2].config", "plugins[2].config.tiers",
            ])
    }

    @Test("an error reads well alone, as a plugin's own test sees it")
    func errorText() {
        #expect(
            ConfigurationError(setting: "file", expected: "a readable file", found: "a folder")
                .description == "file: expected a readable file, found a folder")
        #expect(ConfigurationError("nothing to do").description == "nothing to do")
    }

    struct Percentage: SettingValue, Equatable {
        let share: Double
        static var settingType: SettingType {
            .notation("percentage", expected: #"a percentage such as "25%""#)
        }
        init(setting value: ConfigurationValue) throws(ConfigurationError) {
            guard let text = value.string, text.hasSuffix("%"), let read = Double(text.dropLast())
            else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
            share = read / 100
        }
        var settingJSON: JSONValue { .string("\(Int(share * 100))%") }
    }

    @Test("an author's own type stands beside the library's")
    func ownType() {
        #expect(Percentage.reading("25%") == #""25%""#)
        #expect(
            [Percentage].reading(["25", "5%"])
                == #"[0]: expected a percentage such as "25%", found "25""#)
        #expect([Percentage].settingType.expected == "a list of percentages")
    }
}
