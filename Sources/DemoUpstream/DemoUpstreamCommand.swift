import Glibc
import Proxy

/// `sluice demo-upstream`
public enum DemoUpstreamCommand: Command {
    public static let name = "demo-upstream"
    public static let summary = "serves an OpenAI-compatible upstream to try things with"
    public static let synopsis = "sluice demo-upstream [--listen HOST:PORT]"
    public static let details = """
        It answers /v1/chat/completions, plain and streamed, and /v1/models. Knobs, as a request field
        x-demo-NAME or a query parameter NAME: latency, chunk-gap, chunks, error-rate, status, abort-after.
        /demo/echo shows a request as it arrived, /demo/stats counts.
        """

    public static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let listen = try arguments.option("--listen") ?? "127.0.0.1:9900"
        try arguments.end()
        let server: DemoServer
        do {
            server = try DemoServer(listen: listen)
        } catch {
            context.complain("\(error)")
            return 1
        }
        server.start()
        context.print("demo upstream listening at http://\(server.address)")
        while true { pause() }
    }
}
