import PluginAPI
import Plugins

@testable import Proxy

extension ProgramCase {
    static let all: [ProgramCase] = counting + fingerprints

    private static let counting = [
        ProgramCase(name: "the tests' own", program: CountProgram(lifetime: 6e7)) { random in
            ([Double(Int.random(in: -2...5, using: &random)), 30], 1000)
        }
    ]
}
