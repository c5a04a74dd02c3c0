import Proxy

/// `sluice demo`
public enum DemoCommand: Command {
    public static let name = "demo"
    public static let summary =
        "serves plugins.json with a built-in upstream behind it, and tells what to try"
    public static let synopsis =
        "sluice demo [--config plugins.json] [--log-format text|json] [--log-level debug|info|warning|error]"
    public static let details = """
        The file is used as it is, but for this: the built-in upstream takes the place of every upstream's
        targets, and the usual providers' key variables need not be set.
        """

    public static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let options = try ServeOptions(&arguments)
        try arguments.end()
        let upstream: DemoServer
        do {
            upstream = try DemoServer(listen: "127.0.0.1:0")
        } catch {
            context.complain("\(error)")
            return 1
        }
        upstream.start()
        defer { upstream.stop() }
        return RunCommand.serve(
            options, context, environment: keys.merging(context.environment) { $1 },
            upstreamTarget: .tcp(
                isSecure: false, host: "127.0.0.1", port: port(of: upstream.address))
        ) { addresses in
            guard let address = addresses.first else { return }
            context.print(invitation(address, upstream.address))
        }
    }

    private static let keys = ["OPENAI_API_KEY": "demo", "ANTHROPIC_API_KEY": "demo"]

    private static func port(of address: String) -> UInt16 {
        address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
    }

    private static func invitation(_ address: Proxy.ListenAddress, _ upstream: String) -> String {
        let (option, url) =
            switch address {
            case .tcp: ("", "http://\(address)")
            case .unix(let path): ("--unix-socket \(path) ", "http://localhost")
            }
        return """

            Sluice is serving at \(address), with the demo upstream at \(upstream) behind it. Try:

              curl -N \(option)\(url)/v1/chat/completions -H 'content-type: application/json' -d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'

            """
    }
}
