import PluginAPI

/// `sluice status`
///
/// It does not read plugins.json: a file with errors on the disk says nothing about the process that runs.
package enum StatusCommand: Command {
    package static let name = "status"
    package static let summary = "tells whether a running proxy takes requests"
    package static let synopsis = "sluice status [--admin URL]"
    package static let details = """
        Asks its admin listener, http://127.0.0.1:9901 unless told, for /readyz, and prints the answer. Ends
        with 0 when it is ready, and with 1 while it starts or drains, or when nobody answers: so a container's
        health check needs no other program.
        """

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let address = try arguments.option("--admin") ?? "http://127.0.0.1:9901"
        try arguments.end()
        let target = try TargetAddress(admin: address)
        do throws(AdminClient.Failure) {
            let response = try AdminClient(target, token: nil).ask("GET", "/readyz")
            context.print(String(decoding: response.body, as: UTF8.self).trimmingNewline)
            return response.status == 200 ? 0 : 1
        } catch {
            context.complain("\(error)")
            return 1
        }
    }
}
