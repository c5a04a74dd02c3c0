import PluginAPI

/// `sluice explain`
package enum ExplainCommand: Command {
    package static let name = "explain"
    package static let summary = "tells, plugin by plugin, what would become of one request"
    package static let synopsis =
        "sluice explain [--config plugins.json] [--json] METHOD PATH [-H 'name: value']… [--peer IP] [-d BODY]"
    package static let details = """
        The request goes through its chain as the proxy would take it, without an upstream, without a file
        being written, and with counters of its own: so limits stand at their beginning. --peer is the other
        end of the connection, 127.0.0.1 unless told; -d @FILE takes the body from a file.
        """

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let file = try arguments.option("--config") ?? "plugins.json"
        let isJSON = arguments.flag("--json")
        let request = try request(&arguments)
        try arguments.end()

        let (store, state, time) = (MetricsStore(), StateStore(), SystemTime())
        let loader = ConfigurationLoader(
            registry: context.registry, environment: context.environment
        ) { label, folder in
            Setup(
                label: label, folder: folder, time: time, log: .none, metrics: store, state: state)
        }
        let read = loader.load(path: file)
        guard let configuration = read.configuration else {
            for diagnostic in read.diagnostics { context.complain(diagnostic.description) }
            return 1
        }
        do {
            let result = try DryRun(configuration, store: store, state: state, time: time)
                .run(request)
            for line in isJSON ? [result.json.description] : ExplanationText.lines(result, request)
            {
                context.print(line)
            }
            return 0
        } catch {
            context.complain("\(error)")
            return 1
        }
    }

    private static func request(_ arguments: inout Arguments) throws -> DryRun.Request {
        var fields: [(name: String, value: String)] = []
        while let field = try arguments.nextOption("-H") {
            guard let colon = field.firstIndex(of: ":"), colon != field.startIndex else {
                throw CommandLineError("-H: expected 'name: value', found \"\(field)\"")
            }
            let value = field[field.index(after: colon)...].drop { $0 == " " }
            fields.append((String(field[..<colon]), String(value)))
        }
        let peerText = try arguments.option("--peer") ?? "127.0.0.1"
        guard let address = IPAddress(peerText) else {
            throw CommandLineError(
                "--peer: expected an address such as 203.0.113.7, found \"\(peerText)\"")
        }
        let body = try body(arguments.option("-d") ?? "")
        guard let method = arguments.word(), let target = arguments.word() else {
            throw CommandLineError("expected a method and a path: sluice explain GET /v1/models")
        }
        guard target.hasPrefix("/") else {
            throw CommandLineError("expected a path that begins with \"/\", found \"\(target)\"")
        }
        return DryRun.Request(
            method, target, fields: fields, body: body, peer: .address(address, port: 0))
    }

    private static func body(_ text: String) throws -> [UInt8] {
        guard text.hasPrefix("@") else { return Array(text.utf8) }
        switch FileContent.read(String(text.dropFirst()), limit: 100 << 20) {
        case .success(let bytes): return bytes
        case .failure(let problem):
            throw CommandLineError("-d: \(text.dropFirst()) cannot be read: \(problem.reason)")
        }
    }
}

extension DryRunResult {
    fileprivate var json: JSONValue {
        [
            "route": route.isEmpty ? .null : .string(route), "status": .number(status),
            "upstream": forwarded.map { .string($0.upstream) } ?? .null,
            "forwarded": .array((forwarded?.head ?? []).map { .string($0) }), "plugins": trace,
        ]
    }
}
