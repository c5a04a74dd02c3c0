import Foundation
import PluginTesting

/// Runs scripts in a real redis-server, which is there for them alone.
enum RedisScripting {
    /// Runs a script once for each list of arguments, which have no white space in them.
    /// - Returns: what it returned each time: one line.
    static func run(_ script: String, _ calls: [[String]]) throws -> [String] {
        let folder = try TemporaryFolder()
        try folder.write(script, to: "script.lua")
        try folder.write(
            calls.map { $0.joined(separator: " ") + "\n" }.joined(), to: "arguments")
        let output = popen(
            """
            cd \(folder.path)
            redis-server --port 0 --unixsocket socket --save '' >server.log 2>&1 &
            server=$!
            until redis-cli -s socket ping >/dev/null 2>&1; do kill -0 $server || exit 1; done
            digest=$(redis-cli -s socket -x SCRIPT LOAD <script.lua)
            sed "s/^/EVALSHA $digest 0 /" arguments | redis-cli -s socket
            kill -9 $server
            """, "re")
        guard let output else { throw CocoaError(.executableLoad) }
        var bytes: [UInt8] = []
        while case let byte = getc(output), byte != EOF { bytes.append(UInt8(byte)) }
        pclose(output)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
